import assert from "node:assert/strict";
import { run, Samples } from "./testdata/samples.ts";
import { decode } from "./x86.ts";

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

function decodeHex(hex: string) {
  return decode(Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16)), 0);
}

/** What objdump's text means in the words of `InstructionKind`. */
function kindOf(text: string): string {
  const mnemonic = text.split(/\s+/)[0] ?? "";
  if (mnemonic === "call" || mnemonic === "jmp") {
    return /^\w+ +\*/.test(text) ? `${mnemonic}-indirect` : mnemonic;
  }
  if (/^j/.test(mnemonic)) {
    return "jcc";
  }
  if (mnemonic === "push" && /%r/.test(text)) {
    return "push";
  }
  if (/^(cs )?(nop|data16 .*nop)/.test(text) || /^xchg +%ax,%ax/.test(text)) {
    return "nop";
  }
  return mnemonic === "ret" ? "ret" : /^(int3|ud2|hlt)$/.test(mnemonic) ? "trap" : "other";
}

Deno.test("decode agrees with objdump about every instruction of package net/http", async () => {
  const path = await samples.path();
  const symbols = (await run("go", ["tool", "nm", "-sort", "address", path])).split("\n")
    .map((line) => /^\s*([0-9a-f]+) +T net\/http\./.exec(line)?.[1]).filter((address) =>
      address !== undefined
    );
  const [start, stop] = [symbols[0], symbols.at(-1)];
  assert.ok(start !== undefined && stop !== undefined);
  const listing = await run("objdump", [
    "-d",
    "-w",
    `--start-address=0x${start}`,
    `--stop-address=0x${stop}`,
    path,
  ]);
  let checked = 0;
  const wrong: string[] = [];
  for (const line of listing.split("\n")) {
    const [, address, hex, text] = /^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)$/.exec(line) ?? [];
    if (address === undefined || hex === undefined || text === undefined) {
      continue;
    }
    const bytes = hex.trim().split(" ");
    const instruction = decodeHex([...bytes, ...Array(16).fill("cc")].join(" "));
    const target = /^(?:call|j\w+) +([0-9a-f]+)/.exec(text)?.[1];
    const expected = target === undefined ? -1 : parseInt(target, 16) - parseInt(address, 16);
    checked += 1;
    if (
      instruction?.length !== bytes.length || instruction.kind !== kindOf(text) ||
      instruction.target !== expected
    ) {
      wrong.push(`${line} -> ${JSON.stringify(instruction)}`);
    }
  }
  assert.deepEqual(wrong.slice(0, 10), []);
  assert.ok(checked > 50_000, `checked ${checked} instructions`);
});

Deno.test("decode knows the length of instructions with every kind of operand", () => {
  const lengths: Record<string, number> = {
    "48 b8 01 02 03 04 05 06 07 08": 10, // movabs
    "66 c7 44 24 08 01 00": 7, // movw $1,8(%rsp)
    "f7 c1 01 00 00 00": 6, // test $1,%ecx
    "f7 d9": 2, // neg %ecx
    "66 f7 c1 01 00": 5, // test $1,%cx
    "c5 f8 77": 3, // vzeroupper
    "c4 e3 7d 39 c1 01": 6, // vextracti128
    "62 f1 7c 48 11 44 24 01": 8, // vmovups zmm
    "66 0f 3a 0f c1 08": 6, // palignr
    "f2 48 0f 38 f1 c1": 6, // crc32
    "c8 10 00 00": 4, // enter
    "8b 04 25 00 00 00 00": 7, // mov 0,%eax
    "8b 05 00 00 00 00": 6, // mov 0(%rip),%eax
    "8b 45 00": 3, // mov 0(%rbp),%eax
  };
  for (const [hex, length] of Object.entries(lengths)) {
    assert.equal(decodeHex(hex)?.length, length, hex);
  }
});

Deno.test("decode gives up on cut, invalid and unusual instructions", () => {
  const refused = [
    "48",
    "e8 00 00",
    "0f",
    "8b",
    "8b 84 24 00",
    "06",
    "ea",
    "66 e9 00 00",
    "f2 eb 00",
    "0f 04",
    "0f ff",
    "d5 00",
    "8f e8 78",
    "ff f8",
    "66 66 66 66 66 66 90",
    "e3 00",
    "62 f5 7c 48 58 c0",
  ];
  for (const hex of refused) {
    assert.equal(decodeHex(hex), null, hex);
  }
});

Deno.test("decode survives every pair of first bytes", () => {
  const code = new Uint8Array(20).fill(0xff);
  for (let pair = 0; pair < 65_536; pair++) {
    code[0] = pair & 0xff;
    code[1] = pair >> 8;
    const instruction = decode(code, 0);
    assert.ok(instruction === null || (instruction.length >= 1 && instruction.length <= 15));
  }
});
