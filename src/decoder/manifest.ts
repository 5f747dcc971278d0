/**
 * The manifest inside a decoder module: custom section "tsunagi.manifest", UTF-8 JSON. Written by
 * src/maker/family_pack.ts, read by the gate, sent to the kernel (layout, plans) by discovery.
 */
import { MAX_PLAN_OPS, MAX_PROBES, MAX_STRINGS } from "../../bpf/wire.gen.ts";
import { ModuleRange } from "./module_range.ts";

/** Name of the custom section. */
export const MANIFEST_SECTION = "tsunagi.manifest";

/** One op of a capture plan; see struct wire_op in bpf/wire.h. */
export interface PlanOp {
  readonly code: number;
  readonly string: number;
  readonly source: number;
  readonly add: number;
  readonly length: number;
}

/** What one probe captures. */
export interface Plan {
  /** PROBE_* of the wire. */
  readonly probe: number;
  readonly ops: readonly PlanOp[];
}

/** Where every offset in a decoder comes from. */
export interface Provenance {
  /** Toolchains whose DWARF was read: "go1.26.11". */
  readonly toolchains: readonly string[];
  readonly method: string;
}

/** How Go lays out what plans and the kernel read: what an executable's DWARF is compared with. */
export interface GoStructs {
  /** Kind of map that http.Header is. */
  readonly headerMap: "hmap" | "swiss";
  /** _Gdead of src/runtime/runtime2.go. */
  readonly gDead: number;
  /** Byte offsets by "Request.Method"; null: that Go, or that program, has no such field. */
  readonly fields: Readonly<Record<string, number | null>>;
}

/** What differs when a program links a release of a Go module: its plans take the place of the decoder's own. */
export interface LibraryPlans {
  /** "golang.org/x/net" */
  readonly module: string;
  /** ">=0.17.0 <0.48.0" */
  readonly range: string;
  readonly fields: Readonly<Record<string, number | null>>;
  readonly plans: readonly Plan[];
  readonly provenance: Provenance;
}

/** Identity and kernel-side knowledge of a decoder. */
export interface DecoderManifest {
  /** Lower-case letters, digits, dots and hyphens; also the name of its file. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly abi: number;
  /** 16 lower-case hex digits. */
  readonly wireFingerprint: string;
  /** Go releases served: ">=1.23 <1.24". */
  readonly goRange: string;
  /** Fields of struct go_layout by their C names. */
  readonly layout: Readonly<Record<string, number>>;
  readonly plans: readonly Plan[];
  readonly structs: GoStructs;
  readonly libraries: readonly LibraryPlans[];
  readonly provenance: Provenance;
}

/** A decoder that may run. Only the gate makes one. */
export interface DecoderPack {
  readonly manifest: DecoderManifest;
  /** The file as it was given. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The hardened module: what runs. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `bytes` in lower-case hex. */
  readonly digest: string;
}

/** What every version of the manifest says, so that a decoder of another one can be told apart. */
export type ManifestHead = Pick<DecoderManifest, "name" | "abi" | "wireFingerprint">;

/**
 * Reads what a manifest of any ABI begins with.
 *
 * @throws {SyntaxError} as `parseManifest` does.
 */
export function parseManifestHead(content: Uint8Array): ManifestHead {
  return headOf(parseObject(content));
}

/**
 * Reads the content of a manifest section.
 *
 * @throws {SyntaxError} naming the first field that is not what it must be.
 */
export function parseManifest(content: Uint8Array): DecoderManifest {
  const manifest = parseObject(content);
  const head = headOf(manifest);
  const version = text(manifest.version, "version");
  if (!SEMVER.test(version)) throw refuse("version", 'a semantic version like "1.2.3"');
  const layout = object(manifest.layout, "layout");
  for (const [field, offset] of Object.entries(layout)) unsigned(offset, `layout.${field}`, 0xffffffff);
  return {
    ...head,
    version,
    goRange: text(manifest.goRange, "goRange"),
    layout: layout as Record<string, number>,
    plans: parsePlans(manifest.plans, "plans"),
    structs: parseStructs(manifest.structs),
    libraries: list(manifest.libraries, "libraries", MAX_LIBRARIES).map(parseLibrary),
    provenance: parseProvenance(manifest.provenance, "provenance"),
  };
}

function parseObject(content: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (cause) {
    throw new SyntaxError("Cannot read manifest: it is no JSON", { cause });
  }
  return object(value, "manifest");
}

function headOf(manifest: Record<string, unknown>): ManifestHead {
  const name = text(manifest.name, "name");
  if (!NAME.test(name)) throw refuse("name", "lower-case letters, digits, dots and hyphens");
  const abi = unsigned(manifest.abi, "abi", 0xffffffff);
  const wireFingerprint = text(manifest.wireFingerprint, "wireFingerprint");
  if (!/^[0-9a-f]{16}$/.test(wireFingerprint)) throw refuse("wireFingerprint", "16 hex digits");
  return { name, abi, wireFingerprint };
}

/** Also keeps a name from being a path. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;
/** https://semver.org, without the checks of numeric pre-release parts. */
const SEMVER = /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?$/;
const MAX_TOOLCHAINS = 1000;
const MAX_LIBRARIES = 64;
const MAX_FIELDS = 256;
const MAX_OFFSET = 0xffff;

function parseProvenance(value: unknown, field: string): Provenance {
  const provenance = object(value, field);
  return {
    toolchains: list(provenance.toolchains, `${field}.toolchains`, MAX_TOOLCHAINS)
      .map((name) => text(name, `${field}.toolchains`)),
    method: text(provenance.method, `${field}.method`),
  };
}

function parseFields(value: unknown, field: string): Record<string, number | null> {
  const fields = object(value, field);
  const entries = Object.entries(fields);
  if (entries.length > MAX_FIELDS) throw refuse(field, `at most ${MAX_FIELDS} offsets`);
  for (const [name, offset] of entries) if (offset !== null) unsigned(offset, `${field}.${name}`, MAX_OFFSET);
  return fields as Record<string, number | null>;
}

function parseStructs(value: unknown): GoStructs {
  const structs = object(value, "structs");
  const { headerMap } = structs;
  if (headerMap !== "hmap" && headerMap !== "swiss") throw refuse("structs.headerMap", '"hmap" or "swiss"');
  return {
    headerMap,
    gDead: unsigned(structs.gDead, "structs.gDead", 0xffffffff),
    fields: parseFields(structs.fields, "structs.fields"),
  };
}

function parseLibrary(value: unknown, index: number): LibraryPlans {
  const field = `libraries[${index}]`;
  const library = object(value, field);
  const range = text(library.range, `${field}.range`);
  if (ModuleRange.parse(range) === null) throw refuse(`${field}.range`, 'like ">=0.17.0 <0.48.0"');
  return {
    module: text(library.module, `${field}.module`),
    range,
    fields: parseFields(library.fields, `${field}.fields`),
    plans: parsePlans(library.plans, `${field}.plans`),
    provenance: parseProvenance(library.provenance, `${field}.provenance`),
  };
}

function parsePlans(value: unknown, field: string): Plan[] {
  const plans = list(value, field, MAX_PROBES).map(parsePlan);
  const probes = new Set(plans.map(({ probe }) => probe));
  if (probes.size < plans.length) throw refuse(field, "one plan for each probe");
  return plans;
}

function parsePlan(value: unknown): Plan {
  const plan = object(value, "plan");
  return {
    probe: unsigned(plan.probe, "plan.probe", MAX_PROBES - 1),
    ops: list(plan.ops, "plan.ops", MAX_PLAN_OPS).map((item) => {
      const op = object(item, "op");
      return {
        code: unsigned(op.code, "op.code", 0xff),
        string: unsigned(op.string, "op.string", MAX_STRINGS - 1),
        source: unsigned(op.source, "op.source", 0xffff),
        add: unsigned(op.add, "op.add", 0xffff),
        length: unsigned(op.length, "op.length", 0xffff),
      };
    }),
  };
}

function refuse(field: string, wanted: string): SyntaxError {
  return new SyntaxError(`Cannot read manifest: ${field} must be ${wanted}`);
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(field, "an object");
  return value as Record<string, unknown>;
}

function list(value: unknown, field: string, limit: number): unknown[] {
  if (!Array.isArray(value) || value.length > limit) throw refuse(field, `a list of at most ${limit}`);
  return value;
}

function text(value: unknown, field: string): string {
  if (typeof value !== "string" || value === "") throw refuse(field, "a text");
  return value;
}

function unsigned(value: unknown, field: string, limit: number): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > limit) {
    throw refuse(field, `a whole number up to ${limit}`);
  }
  return value as number;
}
