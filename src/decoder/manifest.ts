/**
 * The manifest inside a decoder module: custom section "tsunagi.manifest", UTF-8 JSON. Written by
 * scripts/build_decoders.ts, read by the registry, sent to the kernel (layout, plans) by discovery.
 */

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
