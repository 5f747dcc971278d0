/** Packs whose module is never run: manifests without code, for unit tests of what only passes them on. */
import { createHash } from "node:crypto";
import type { DecoderManifest, DecoderPack, GoStructs } from "../../src/decoder/manifest.ts";
import type { DecoderChoice } from "../../src/registry/registry.ts";

/** Structs of a made-up Go. */
export const STRUCTS: GoStructs = {
  headerMap: "swiss",
  gDead: 6,
  fields: { "response.status": 112, "Request.Method": 0, "URL.Path": 56, "g.goid": 152 },
};

/** Structs with some offsets changed. */
export function structsWith(fields: GoStructs["fields"]): GoStructs {
  return { ...STRUCTS, fields: { ...STRUCTS.fields, ...fields } };
}

/** A pack named "go1.26" for ">=1.26 <1.27". Its bytes are its manifest, so every different one is another pack. */
export function fakePack(change: Partial<DecoderManifest> = {}): DecoderPack {
  const goRange = change.goRange ?? ">=1.26 <1.27";
  const manifest: DecoderManifest = {
    name: `go${/\d+[\d.]*/.exec(goRange)?.[0] ?? ""}`,
    version: "0.1.0",
    abi: 2,
    wireFingerprint: "0123456789abcdef",
    goRange,
    layout: {},
    plans: [],
    structs: STRUCTS,
    libraries: [],
    provenance: { toolchains: [], method: "test" },
    ...change,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return { manifest, bytes, code: bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

/** The choice of a pack as it stands. */
export function choiceOf(pack: DecoderPack): DecoderChoice {
  return { pack, plans: pack.manifest.plans, nearest: false, checked: false };
}
