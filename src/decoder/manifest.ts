/**
 * The manifest inside a decoder module: custom section "tsunagi.manifest", UTF-8 JSON. Written by
 * scripts/build_decoders.ts, read by the registry, sent to the kernel (layout, plans) by discovery.
 */
import { MAX_PLAN_OPS, MAX_PROBES, MAX_STRINGS } from "../../bpf/wire.gen.ts";

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

/** Identity and kernel-side knowledge of a decoder. */
export interface DecoderManifest {
  readonly name: string;
  readonly version: string;
  readonly abi: number;
  /** 16 lower-case hex digits. */
  readonly wireFingerprint: string;
  /** Go releases served: ">=1.23 <1.24". */
  readonly goRange: string;
  /** Fields of struct go_layout by their C names. */
  readonly layout: Readonly<Record<string, number>>;
  readonly plans: readonly Plan[];
  readonly provenance: Provenance;
}

/** A decoder module ready to be instantiated. */
export interface DecoderPack {
  readonly manifest: DecoderManifest;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the content of a manifest section.
 *
 * @throws {SyntaxError} naming the first field that is not what it must be.
 */
export function parseManifest(content: Uint8Array): DecoderManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch (cause) {
    throw new SyntaxError("Cannot read manifest: it is no JSON", { cause });
  }
  const manifest = object(value, "manifest");
  const provenance = object(manifest.provenance, "provenance");
  const layout = object(manifest.layout, "layout");
  for (const [field, offset] of Object.entries(layout)) unsigned(offset, `layout.${field}`, 0xffffffff);
  const wireFingerprint = text(manifest.wireFingerprint, "wireFingerprint");
  if (!/^[0-9a-f]{16}$/.test(wireFingerprint)) throw refuse("wireFingerprint", "16 hex digits");
  return {
    name: text(manifest.name, "name"),
    version: text(manifest.version, "version"),
    abi: unsigned(manifest.abi, "abi", 0xffffffff),
    wireFingerprint,
    goRange: text(manifest.goRange, "goRange"),
    layout: layout as Record<string, number>,
    plans: list(manifest.plans, "plans", MAX_PROBES).map(parsePlan),
    provenance: {
      toolchains: list(provenance.toolchains, "provenance.toolchains", MAX_TOOLCHAINS)
        .map((name) => text(name, "provenance.toolchains")),
      method: text(provenance.method, "provenance.method"),
    },
  };
}

const MAX_TOOLCHAINS = 1000;

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
