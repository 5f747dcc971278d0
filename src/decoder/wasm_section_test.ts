import assert from "node:assert/strict";
import { customSection, isWasm, withCustomSection } from "./wasm_section.ts";

const EMPTY = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);

Deno.test("withCustomSection: the module stays one, and the section is found by its name", () => {
  for (const length of [0, 1, 127, 128, 20_000]) {
    const content = new TextEncoder().encode("x".repeat(length));
    const module = withCustomSection(withCustomSection(EMPTY, "first", Uint8Array.of(1)), "second", content);
    assert.equal(WebAssembly.validate(module), true);
    assert.equal(text(customSection(module, "second")), "x".repeat(length));
    assert.deepEqual(customSection(module, "first"), Uint8Array.of(1));
    assert.equal(customSection(module, "third"), null);
    const [native] = WebAssembly.Module.customSections(new WebAssembly.Module(module), "second");
    assert.deepEqual(new Uint8Array(native!), content);
  }
});

Deno.test("isWasm: tells modules from other files", () => {
  assert.equal(isWasm(EMPTY), true);
  assert.equal(isWasm(EMPTY.subarray(0, 7)), false);
  assert.equal(isWasm(new TextEncoder().encode("\x7fELF....")), false);
});

Deno.test("customSection: refuses sections that end beyond the module", () => {
  const bad = [[0], [0, 5, 1], [0, 1, 9], [0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [1, 0xff, 0xff, 0x03]];
  for (const tail of bad) {
    assert.throws(() => customSection(Uint8Array.from([...EMPTY, ...tail]), "x"), RangeError, String(tail));
  }
});
