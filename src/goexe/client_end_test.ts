import assert from "node:assert/strict";
import { chooseClientEnds } from "./client_end.ts";

const CALLEE = 0x500000;
const ADDRESS = 0x401000;

/** Machine code; "CALL" is a call of the callee. */
function endsOf(hex: string) {
  const bytes: number[] = [];
  for (const word of hex.trim().split(/\s+/)) {
    if (word === "CALL") {
      const relative = CALLEE - (ADDRESS + bytes.length + 5);
      bytes.push(
        0xe8,
        relative & 0xff,
        (relative >> 8) & 0xff,
        (relative >> 16) & 0xff,
        (relative >> 24) & 0xff,
      );
    } else {
      bytes.push(parseInt(word, 16));
    }
  }
  const code = Uint8Array.from(bytes);
  const { jumps, returns } = chooseClientEnds(
    { name: "f", address: ADDRESS, fileOffset: 0x1000, code },
    CALLEE,
  );
  return { jumps: jumps.map(({ at }) => at), returns: returns.map(({ at }) => at) };
}

Deno.test("chooseClientEnds takes the jump on the error and the returns of the failure side", () => {
  // CALL; test %rbx,%rbx; je +1; ret; ret
  assert.deepEqual(endsOf("CALL 48 85 db 74 01 c3 c3"), { jumps: [8], returns: [10] });
  // jne: success goes on, failure jumps
  assert.deepEqual(endsOf("CALL 48 85 db 75 01 c3 c3"), { jumps: [8], returns: [11] });
});

Deno.test("chooseClientEnds looks past nops, stores and jumps between call and jump", () => {
  // CALL; nop; mov %rax,8(%rsp); jmp +0; test; je +1; ret; ret
  const ends = endsOf("CALL 90 48 89 44 24 08 eb 00 48 85 db 74 01 c3 c3");
  assert.deepEqual(ends, { jumps: [16], returns: [18] });
});

Deno.test("chooseClientEnds takes every return where the error cannot be proven to be in BX", () => {
  const unproven = [
    "CALL 48 89 c3 48 85 db 74 01 c3 c3", // mov %rax,%rbx in between
    "CALL 48 85 c0 74 01 c3 c3", // test %rax,%rax
    "CALL 48 85 db 7c 01 c3 c3", // jl
    "CALL c3 c3", // no jump
    "48 85 db 74 01 c3 c3", // no call
  ];
  for (const hex of unproven) {
    const { jumps, returns } = endsOf(hex);
    assert.deepEqual(jumps, [], hex);
    assert.equal(returns.length, 2, hex);
  }
});

Deno.test("chooseClientEnds takes every return where both sides share one", () => {
  // CALL; test; je +1; nop; ret
  assert.deepEqual(endsOf("CALL 48 85 db 74 01 90 c3"), { jumps: [], returns: [11] });
});

Deno.test("chooseClientEnds takes every return where the success side jumps to an unknown place", () => {
  // CALL; test; je +1; ret; jmp *%rax; ret
  assert.deepEqual(endsOf("CALL 48 85 db 74 01 c3 ff e0 c3"), { jumps: [], returns: [10, 13] });
});

Deno.test("chooseClientEnds refuses code that it cannot decode", () => {
  assert.throws(() => endsOf("CALL 48 85 db 74 01 06 c3"), { name: "Refusal" });
});
