/** The decoders that `deno task build` made, as the targets of the fuzzer want them. */
import { harden } from "../../src/decoder/harden.ts";
import { type DecoderManifest, MANIFEST_SECTION, parseManifest } from "../../src/decoder/manifest.ts";
import { customSection } from "../../src/decoder/wasm_section.ts";

const DIRECTORY = new URL("../../build/decoders/", import.meta.url);

/** A built decoder. */
export interface DecoderFile {
  readonly name: string;
  readonly manifest: DecoderManifest;
  /** The file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What runs. */
  readonly code: Uint8Array<ArrayBuffer>;
}

/** All of them, by name. */
export async function readDecoders(): Promise<DecoderFile[]> {
  const found: DecoderFile[] = [];
  for await (const { name } of Deno.readDir(DIRECTORY)) {
    if (!name.endsWith(".wasm")) continue;
    const bytes = await Deno.readFile(new URL(name, DIRECTORY));
    const manifest = parseManifest(customSection(bytes, MANIFEST_SECTION) ?? new Uint8Array());
    found.push({ name: manifest.name, manifest, bytes, code: harden(bytes) });
  }
  if (found.length === 0) throw new Error("Cannot fuzz decoders: none is built; run deno task build");
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
