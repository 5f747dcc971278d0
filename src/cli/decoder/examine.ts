/** The gate's static checks on a file's bytes, with what show and list tell of it. Nothing of the decoder runs. */
import { GOLDEN_SECTION, parseGoldens } from "../../decoder/golden.ts";
import { type DecoderManifest, MANIFEST_SECTION, parseManifest } from "../../decoder/manifest.ts";
import { customSection, isWasm } from "../../decoder/wasm_section.ts";
import { examinePack } from "../../gate/examine.ts";
import type { Reason } from "../../support/reason.ts";

/** A file as far as it can be read. */
export interface Examined {
  /** SHA-256 in hex. */
  readonly digest: string;
  /** What the file says of itself, even if it is refused. */
  readonly manifest: DecoderManifest | null;
  /** Golden vectors; null when there is no list of them. */
  readonly vectors: number | null;
  readonly refused: Reason | null;
}

export async function examineFile(bytes: Uint8Array<ArrayBuffer>): Promise<Examined> {
  const examined = await examinePack(bytes);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return {
    digest: new Uint8Array(hash).toHex(),
    manifest: readSection(bytes, MANIFEST_SECTION, parseManifest),
    vectors: readSection(bytes, GOLDEN_SECTION, parseGoldens)?.length ?? null,
    refused: "remedy" in examined ? examined : null,
  };
}

/** Null when the section is missing or wrong: the refusal says which. */
function readSection<T>(bytes: Uint8Array, name: string, read: (content: Uint8Array) => T): T | null {
  if (!isWasm(bytes)) return null;
  try {
    const section = customSection(bytes, name);
    return section && read(section);
  } catch {
    return null;
  }
}
