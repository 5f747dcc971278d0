/**
 * What an executable's own debug information says about the structs that decoders read, and how that differs from
 * what a decoder was made for. Used at attach, by the maker and by scripts/gen_layouts.ts.
 */
import { FIELD_NAMES } from "../../decoder-as/plans/layout.ts";
import { ALWAYS, OWN_TYPES } from "../../decoder-as/plans/parts.ts";
import type { GoStructs } from "../decoder/manifest.ts";
import { type DebugTypes, readDebugTypes, type StructLayout } from "../goexe/dwarf.ts";
import type { ByteSource } from "../goexe/types.ts";

/** Struct of each type name in FIELD_NAMES, as DWARF names it; the first that the program has counts. */
export const GO_STRUCTS: StructNames = {
  g: ["runtime.g"],
  m: ["runtime.m"],
  Request: ["net/http.Request"],
  pattern: ["net/http.pattern"],
  URL: ["net/url.URL"],
  response: ["net/http.response"],
  conn: ["net/http.conn"],
  h2responseWriter: ["net/http.http2responseWriter", "net/http/internal/http2.responseWriter"],
  h2responseWriterState: ["net/http.http2responseWriterState", "net/http/internal/http2.responseWriterState"],
  Response: ["net/http.Response"],
  persistConn: ["net/http.persistConn"],
  transportRequest: ["net/http.transportRequest"],
};

/** The name that runtime2.go gives to the state of a newborn goroutine. */
const G_DEAD = "runtime._Gdead";
/** What maps are made of, by the struct that only that kind of map has. Go 1.24 brought the other kind. */
const HASH_MAP = "runtime.hmap";
const SWISS_MAP = "internal/runtime/maps.Map";
/** Since Go 1.27 the HTTP/2 server keeps a request of its own in this field, by value, not the *http.Request. */
const OWN_REQUEST = { field: "h2responseWriterState.req", package: "net/http/internal/http2." };
/** Type names as layouts use them -> structs in DWARF, of which the first that the program has counts. */
export type StructNames = Readonly<Record<string, readonly string[]>>;

/** One offset, or kind of map, that a decoder has otherwise than the executable. */
export interface StructDifference {
  /** "Request.Method", "gDead" or "headerMap". */
  readonly field: string;
  readonly executable: number | string | null;
  readonly decoder: number | string | null;
}

/**
 * Reads the structs that decoders use.
 *
 * @returns `null` when the executable has no debug information, or none about Go's runtime.
 * @throws {Refusal} when its debug information contradicts its format or is too large.
 */
export async function readGoStructs(
  source: ByteSource,
  options: { signal?: AbortSignal } = {},
): Promise<GoStructs | null> {
  const structs: Record<string, string[]> = wantedFields(GO_STRUCTS, FIELD_NAMES);
  structs[HASH_MAP] = [];
  structs[SWISS_MAP] = [];
  const found = await readDebugTypes(source, {
    ...options,
    structs,
    constants: [G_DEAD],
    enough: (types) =>
      types.constants.has(G_DEAD) && headerMapOf(types) !== null &&
      Object.values(GO_STRUCTS).every((names) => names.some((name) => types.structs.has(name))),
  });
  const gDead = found?.constants.get(G_DEAD);
  const headerMap = found && headerMapOf(found);
  if (found === null || gDead === undefined || headerMap === null) {
    return null;
  }
  return { headerMap, gDead, fields: fieldOffsets(found.structs, GO_STRUCTS, FIELD_NAMES) };
}

function headerMapOf({ structs }: DebugTypes): GoStructs["headerMap"] | null {
  if (structs.has(HASH_MAP)) return "hmap";
  return structs.has(SWISS_MAP) ? "swiss" : null;
}

/** Struct as DWARF names it -> names of the fields that `fields` ("Request.Method") ask for. */
export function wantedFields(names: StructNames, fields: readonly string[]): Record<string, string[]> {
  const wanted: Record<string, string[]> = {};
  for (const field of fields) {
    const [type, member] = split(field);
    for (const struct of names[type] ?? []) (wanted[struct] ??= []).push(member);
  }
  return wanted;
}

/** Offsets by "Request.Method", `null` where the program has no such struct or field. */
export function fieldOffsets(
  structs: ReadonlyMap<string, StructLayout>,
  names: StructNames,
  fields: readonly string[],
): Record<string, number | null> {
  const offsets: Record<string, number | null> = {};
  for (const field of fields) {
    const [type, member] = split(field);
    const struct = names[type]?.find((name) => structs.get(name)?.offsets.size);
    const isOwnRequest = field === OWN_REQUEST.field && struct?.startsWith(OWN_REQUEST.package);
    offsets[field] = struct === undefined || isOwnRequest
      ? null
      : structs.get(struct)?.offsets.get(member) ?? null;
  }
  return offsets;
}

/** Where a decoder does not fit an executable; structs that the executable does not have are not compared. */
export function compareStructs(executable: GoStructs, decoder: GoStructs): StructDifference[] {
  const differences: StructDifference[] = [];
  const compare = (field: string, own: number | string | null, other: number | string | null) => {
    if (own !== other) differences.push({ field, executable: own, decoder: other });
  };
  compare("headerMap", executable.headerMap, decoder.headerMap);
  compare("gDead", executable.gDead, decoder.gDead);
  const present = presentTypes(executable);
  for (const field of new Set([...Object.keys(executable.fields), ...Object.keys(decoder.fields)])) {
    if (!present.has(split(field)[0])) continue;
    compare(field, executable.fields[field] ?? null, decoder.fields[field] ?? null);
  }
  return differences;
}

/** Types that the executable has, with those that never go without them: a renamed field must not hide its struct. */
function presentTypes({ fields }: GoStructs): ReadonlySet<string> {
  const present = new Set<string>(ALWAYS);
  for (const [field, offset] of Object.entries(fields)) {
    if (offset !== null) present.add(split(field)[0]);
  }
  for (const types of Object.values(OWN_TYPES)) {
    if (types.some((type) => present.has(type))) types.forEach((type) => present.add(type));
  }
  return present;
}

function split(field: string): [type: string, member: string] {
  const dot = field.indexOf(".");
  return [field.slice(0, dot), field.slice(dot + 1)];
}
