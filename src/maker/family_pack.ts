/**
 * Makes the file of a decoder: compiles a family, adds manifest and golden vectors. Called by scripts/build_decoders.ts for the
 * bundled decoders and by the maker for learnt ones.
 */
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import type { Family } from "../../decoder-as/plans/family.ts";
import { librariesOf } from "../../decoder-as/plans/libraries.ts";
import { encodeGoldens, GOLDEN_SECTION } from "../decoder/golden.ts";
import { harden } from "../decoder/harden.ts";
import { type DecoderManifest, MANIFEST_SECTION } from "../decoder/manifest.ts";
import { withCustomSection } from "../decoder/wasm_section.ts";
import { compile, readSources } from "./compile.ts";
import { makeGoldens } from "./goldens.ts";

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
 * @throws {Error} when it does not compile, or makes of a sample what the sample did not say.
 */
export async function makePack(family: Family, options: PackOptions): Promise<Uint8Array<ArrayBuffer>> {
  const module = await compile(family, await readSources());
  const manifest = manifestOf(family, options);
  const goldens = encodeGoldens(makeGoldens(manifest, harden(module)));
  const encoded = new TextEncoder().encode(JSON.stringify(manifest));
  return withCustomSection(withCustomSection(module, MANIFEST_SECTION, encoded), GOLDEN_SECTION, goldens);
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
    libraries: librariesOf(family.structs),
    provenance: { toolchains: family.toolchains, method: family.method },
  };
}
