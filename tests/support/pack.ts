/** Packs and choices whose module is never run, for unit tests of what only passes them on. */
import type { DecoderPack, Plan } from "../../src/decoder/manifest.ts";
import type { DecoderChoice } from "../../src/registry/registry.ts";

/** A pack of that name; the digest is the name. */
export function fakePack(
  name: string,
  options: { goRange?: string; plans?: readonly Plan[] } = {},
): DecoderPack {
  return {
    manifest: {
      name,
      version: "1.0.0",
      abi: 2,
      wireFingerprint: "0000000000000000",
      goRange: options.goRange ?? ">=1.26 <1.27",
      layout: { g_goid: 152 },
      plans: options.plans ?? [{ probe: 0, ops: [] }, { probe: 1, ops: [] }],
      structs: { headerMap: "swiss", gDead: 6, fields: {} },
      libraries: [],
      provenance: { toolchains: [], method: "test" },
    },
    bytes: new Uint8Array(),
    code: new Uint8Array(),
    digest: name,
  };
}

/** The choice of a pack as it stands. */
export function fakeChoice(pack: DecoderPack): DecoderChoice {
  return { pack, plans: pack.manifest.plans, nearest: false, checked: false };
}
