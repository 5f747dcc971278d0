/**
 * Makes the file of a decoder: compiles a family and adds the manifest. Called by scripts/build_decoders.ts for the
 * bundled decoders and by the maker for learnt ones.
 */
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import type { Family } from "../../decoder-as/plans/family.ts";
import { type DecoderManifest, MANIFEST_SECTION } from "../decoder/manifest.ts";
import { withCustomSection } from "../decoder/wasm_section.ts";
import { compile, readSources } from "./compile.ts";

export interface PackOptions {
  /** Semantic version of the decoder. */
  readonly version: string;
  /** The family's own when left out. */
  readonly name?: string;
  readonly goRange?: string;
}

/**
 * The bytes of the family's decoder.
 *
 * @throws {Error} when it does not compile.
 */
export async function makePack(family: Family, options: PackOptions): Promise<Uint8Array<ArrayBuffer>> {
  const module = await compile(family, await readSources());
  const manifest = new TextEncoder().encode(JSON.stringify(manifestOf(family, options)));
  return withCustomSection(module, MANIFEST_SECTION, manifest);
}

function manifestOf(family: Family, { version, name, goRange }: PackOptions): DecoderManifest {
  const hex = (word: number) => word.toString(16).padStart(8, "0");
  return {
    name: name ?? family.name,
    version,
    abi: ABI_VERSION,
    wireFingerprint: hex(WIRE_FINGERPRINT_HIGH) + hex(WIRE_FINGERPRINT_LOW),
    goRange: goRange ?? family.goRange,
    layout: family.kernel,
    plans: family.plans,
    structs: family.structs,
    libraries: [],
    provenance: { toolchains: family.toolchains, method: family.method },
  };
}
