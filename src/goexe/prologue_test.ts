import assert from "node:assert/strict";
import { chooseEntry } from "./prologue.ts";

function entryOf(hex: string) {
  const code = Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16));
  return chooseEntry({ name: "f", address: 0x401000, fileOffset: 0x1000, code });
}

Deno.test("chooseEntry takes push %rbp after the stack check since Go 1.21", () => {
  const short = "49 3b 66 10 76 04 55 48 89 e5 c3";
  assert.deepEqual(entryOf(short), { at: 6, instruction: "push", price: "emulated" });
  const long = "4c 8d a4 24 50 fe ff ff 4d 3b 66 10 0f 86 03 00 00 00 55 48 89 e5 c3";
  assert.deepEqual(entryOf(long), { at: 18, instruction: "push", price: "emulated" });
  const huge = "49 89 e4 49 81 ec 00 20 00 00 72 09 4d 3b 66 10 76 03 55 48 89 e5 c3";
  assert.deepEqual(entryOf(huge), { at: 18, instruction: "push", price: "emulated" });
});

Deno.test("chooseEntry takes the jump of the stack check before Go 1.21", () => {
  const code = "49 3b 66 10 0f 86 05 00 00 00 48 83 ec 18 48 89 6c 24 10";
  assert.deepEqual(entryOf(code), { at: 4, instruction: "jcc", price: "emulated" });
});

Deno.test("chooseEntry takes the first instruction of a function without a stack check and tells its price", () => {
  assert.deepEqual(entryOf("55 48 89 e5 5d c3"), { at: 0, instruction: "push", price: "emulated" });
  assert.deepEqual(entryOf("48 89 c8 c3"), { at: 0, instruction: "other", price: "stepped" });
  assert.deepEqual(entryOf("90 c3"), { at: 0, instruction: "nop", price: "emulated" });
  assert.deepEqual(entryOf("0f 1f 44 00 00 c3"), { at: 0, instruction: "nop", price: "optimised" });
  assert.deepEqual(entryOf("0f 1f 00 c3"), { at: 0, instruction: "nop", price: "stepped" });
});

Deno.test("chooseEntry refuses beginnings that Go does not emit", () => {
  const refused = [
    "f3 0f 1e fa 55 48 89 e5 c3", // endbr64
    "cc cc", // a breakpoint of someone else
    "49 3b 66 10 48 89 c8 c3", // a stack check without its jump
    "49 3b 66 10 76 f0 55 c3", // that jumps backwards
    "49 3b 66 10 75 02 55 c3", // on another condition
    "49 3b",
  ];
  for (const hex of refused) {
    assert.throws(() => entryOf(hex), { name: "Refusal" }, hex);
  }
});
