/** Packs that the gate must refuse, made from good ones: other sections around the same code, or other code. */
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { encodeGoldens, GOLDEN_SECTION, type GoldenVector } from "../../src/decoder/golden.ts";
import { MANIFEST_SECTION } from "../../src/decoder/manifest.ts";
import { customSection, withCustomSection } from "../../src/decoder/wasm_section.ts";
import { code, I32, wasm, type WasmFunction, type WasmModule } from "./wasm_builder.ts";

const PREAMBLE_BYTES = 8;

/** A manifest as JSON that a test changes. */
export type LooseManifest = Record<string, unknown>;

/** What the manifest section says. */
export function manifestOf(pack: Uint8Array): LooseManifest {
  return JSON.parse(new TextDecoder().decode(customSection(pack, MANIFEST_SECTION)!));
}

/** The module without custom sections. */
export function bareModule(pack: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts = [pack.subarray(0, PREAMBLE_BYTES)];
  for (let at = PREAMBLE_BYTES; at < pack.length;) {
    let length = 0;
    let content = at + 1;
    for (let shift = 0;; shift += 7) {
      const byte = pack[content++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (pack[at] !== 0) parts.push(pack.subarray(at, content + length));
    at = content + length;
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/** What `altered` puts in place of a pack's own. */
export interface Alterations {
  readonly module?: Uint8Array;
  /** Fields of the manifest; null: no manifest. */
  readonly manifest?: LooseManifest | null;
  /** null: no golden vectors; bytes: the section as it stands. */
  readonly goldens?: readonly GoldenVector[] | Uint8Array | null;
}

/** The pack with something else in it. */
export function altered(
  pack: Uint8Array,
  { module, manifest = {}, goldens }: Alterations,
): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(module ?? bareModule(pack));
  if (manifest !== null) {
    const json = JSON.stringify({ ...manifestOf(pack), ...manifest });
    bytes = withCustomSection(bytes, MANIFEST_SECTION, new TextEncoder().encode(json));
  }
  if (goldens === null) return bytes;
  const own = customSection(pack, GOLDEN_SECTION)!;
  const section = goldens === undefined
    ? own
    : goldens instanceof Uint8Array
    ? goldens
    : encodeGoldens(goldens);
  return withCustomSection(bytes, GOLDEN_SECTION, section);
}

/** A module with all exports of a decoder that does in `feed` what the instructions say; it must leave an i32. */
export function decoderModule(
  feed: readonly number[],
  other: Partial<WasmModule> = {},
): Uint8Array<ArrayBuffer> {
  const constant = (name: string, value: number): WasmFunction => ({
    name,
    results: [I32],
    body: code.i32(value),
  });
  return wasm({
    ...other,
    functions: [
      constant("abi", ABI_VERSION),
      constant("wireFingerprintLow", WIRE_FINGERPRINT_LOW | 0),
      constant("wireFingerprintHigh", WIRE_FINGERPRINT_HIGH | 0),
      { name: "feed", parameters: [I32], results: [I32], body: feed },
      { name: "drop", parameters: [I32], results: [I32], body: code.i32(0) },
      ...other.functions ?? [],
    ],
  });
}
