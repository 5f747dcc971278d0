import assert from "node:assert/strict";
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { MANIFEST_SECTION } from "./manifest.ts";
import { DecoderRegistry } from "./registry.ts";
import { withCustomSection } from "./wasm_section.ts";

/** A module that imports env.memory. */
const EMPTY = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[2, 15, 1, 3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, 1],
]);
const FINGERPRINT = [WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW].map((word) =>
  word.toString(16).padStart(8, "0")
)
  .join("");

function decoder(goRange: string, change: Record<string, unknown> = {}): Uint8Array<ArrayBuffer> {
  const manifest = {
    name: `go${/[\d.]+/.exec(goRange)}`,
    version: "0.1.0",
    abi: ABI_VERSION,
    wireFingerprint: FINGERPRINT,
    goRange,
    layout: {},
    plans: [],
    structs: { headerMap: "hmap", gDead: 6, fields: {} },
    libraries: [],
    provenance: { toolchains: [], method: "test" },
    ...change,
  };
  return withCustomSection(EMPTY, MANIFEST_SECTION, new TextEncoder().encode(JSON.stringify(manifest)));
}

function registryOf(...modules: Uint8Array<ArrayBuffer>[]): DecoderRegistry {
  return DecoderRegistry.of(new Map(modules.map((bytes, index) => [`${index}.wasm`, bytes])));
}

function chosen(registry: DecoderRegistry, version: string): string {
  const choice = registry.select(version);
  return "message" in choice ? choice.code : choice.manifest.name;
}

Deno.test("select: finds the decoder whose range holds the version, patch releases included", () => {
  const registry = registryOf(
    decoder(">=1.26.11 <1.27"),
    decoder(">=1.17 <1.19"),
    decoder(">=1.25 <1.26.11"),
  );
  assert.deepEqual(registry.refusals, []);
  assert.deepEqual(registry.packs.map(({ manifest }) => manifest.name), ["go1.17", "go1.25", "go1.26.11"]);
  assert.equal(chosen(registry, "go1.18.10"), "go1.17");
  assert.equal(chosen(registry, "go1.26.10"), "go1.25");
  assert.equal(chosen(registry, "go1.26.11"), "go1.26.11");
  assert.equal(chosen(registry, "go1.26rc2"), "go1.25");
});

Deno.test("select: a version that no decoder knows is refused by its minor release, never guessed", () => {
  const registry = registryOf(decoder(">=1.23 <1.28"));
  assert.equal(chosen(registry, "go1.28.1"), "no-decoder-for-go1.28");
  assert.equal(chosen(registry, "go1.22.12"), "no-decoder-for-go1.22");
  assert.equal(chosen(registry, "devel go1.28-abc"), "no-decoder-for-go1.28");
  assert.equal(chosen(registry, "tinygo"), "no-decoder-for-unknown-go");
  const refusal = registry.select("go1.28.1");
  assert.ok("message" in refusal && refusal.remedy.includes("1.23") && refusal.remedy.includes("1.28"));
});

Deno.test("of: refuses modules that cannot be used and says why", () => {
  const registry = registryOf(
    new TextEncoder().encode("no module"),
    EMPTY,
    decoder(">=1.23 <1.24", { abi: ABI_VERSION + 1 }),
    decoder(">=1.23 <1.24", { wireFingerprint: "0000000000000000" }),
    decoder("all of them"),
    decoder(">=1.23 <1.24"),
    decoder(">=1.23.5 <1.25"),
    Uint8Array.from([...EMPTY, 0, 99]),
  );
  assert.deepEqual(registry.refusals.map(({ file, reason }) => [file, reason.code]), [
    ["0.wasm", "decoder-not-wasm"],
    ["1.wasm", "decoder-without-manifest"],
    ["2.wasm", "decoder-abi-mismatch"],
    ["3.wasm", "decoder-wire-mismatch"],
    ["4.wasm", "decoder-bad-manifest"],
    ["6.wasm", "decoder-ambiguous"],
    ["7.wasm", "decoder-bad-manifest"],
  ]);
  assert.deepEqual(registry.packs.map(({ manifest }) => manifest.goRange), [">=1.23 <1.24"]);
});

Deno.test("select: without decoders the remedy is to build them", () => {
  const refusal = registryOf().select("go1.26.0");
  assert.ok("message" in refusal && refusal.remedy.includes("deno task build"));
});
