/**
 * Groups layouts whose offsets are equal and whose ranges adjoin: each group is one decoder module. Called by
 * scripts/build_decoders.ts and the maker.
 */
import { MAP_KIND_HMAP, MAP_KIND_SWISS } from "../../bpf/wire.gen.ts";
import type { GoStructs, Plan } from "../../src/decoder/manifest.ts";
import { captureOf } from "./capture.ts";
import { compareReleases, type FieldName, type GoLayout, offsetOf, OPTIONAL_FIELDS } from "./layout.ts";
import { hasStructOf } from "./parts.ts";

/** What struct go_layout holds for a field that the Go release, or the program, does not have. */
const NO_FIELD = 0xffffffff;

/** Fields of struct go_layout in bpf/wire.h, by the Go fields that they say the offset of. */
const KERNEL_FIELDS: Readonly<Record<string, FieldName>> = {
  g_goid: "g.goid",
  g_parent_goid: "g.parentGoid",
  g_m: "g.m",
  m_curg: "m.curg",
  request_ctx: "Request.ctx",
  request_header: "Request.Header",
  request_method: "Request.Method",
  transport_request_request: "transportRequest.Request",
  persist_conn_conn: "persistConn.conn",
  persist_conn_tls_state: "persistConn.tlsState",
  response_conn: "response.conn",
  conn_hijacked: "conn.hijackedv",
};

/** Go releases that one decoder module serves. */
export interface Family {
  /** Named after its first release: "go1.23". */
  readonly name: string;
  readonly goRange: string;
  readonly toolchains: readonly string[];
  readonly method: string;
  /** Fields of struct go_layout. */
  readonly kernel: Readonly<Record<string, number>>;
  readonly plans: readonly Plan[];
  readonly constants: Readonly<Record<string, number>>;
  readonly structs: GoStructs;
}

/** The lower and the upper end of ">=1.23 <1.24". */
export function rangeEnds(goRange: string): { from: string; to: string } {
  const match = /^>=(1\.\d+(?:\.\d+)?) <(1\.\d+(?:\.\d+)?)$/.exec(goRange);
  if (!match) throw new SyntaxError(`Cannot read range "${goRange}"`);
  return { from: match[1]!, to: match[2]! };
}

/**
 * The decoder for exactly one layout.
 *
 * @throws {Error} when a field is missing of a part that the layout has.
 */
export function familyOf(layout: GoLayout): Family {
  const kernel: Record<string, number> = {};
  for (const [name, field] of Object.entries(KERNEL_FIELDS)) {
    const isNeeded = hasStructOf(layout, field) && !OPTIONAL_FIELDS.has(field);
    kernel[name] = isNeeded ? offsetOf(layout, field) : layout.fields[field] ?? NO_FIELD;
  }
  kernel.header_map_kind = layout.headerMap === "swiss" ? MAP_KIND_SWISS : MAP_KIND_HMAP;
  kernel.g_dead = layout.gDead;
  const { goRange, toolchains, method, headerMap, gDead, fields } = layout;
  return {
    name: `go${rangeEnds(goRange).from}`,
    goRange,
    toolchains,
    method,
    kernel,
    ...captureOf(layout),
    structs: { headerMap, gDead, fields },
  };
}

/** Families in order of their releases. Ranges must not overlap. */
export function groupFamilies(layouts: readonly GoLayout[]): Family[] {
  const families: Family[] = [];
  const sorted = layouts.map(familyOf).sort((a, b) =>
    compareReleases(rangeEnds(a.goRange).from, rangeEnds(b.goRange).from)
  );
  for (const family of sorted) {
    const last = families.at(-1);
    if (!last) {
      families.push(family);
      continue;
    }
    const ends = rangeEnds(last.goRange);
    const { from, to } = rangeEnds(family.goRange);
    const order = compareReleases(ends.to, from);
    if (order > 0) throw new Error(`Cannot group layouts: ${last.goRange} and ${family.goRange} overlap`);
    if (order < 0 || shape(last) !== shape(family)) {
      families.push(family);
      continue;
    }
    families[families.length - 1] = {
      ...last,
      goRange: `>=${ends.from} <${to}`,
      toolchains: [...last.toolchains, ...family.toolchains],
    };
  }
  return families;
}

function shape({ kernel, plans, constants, structs }: Family): string {
  return JSON.stringify({ kernel, plans, constants, structs });
}
