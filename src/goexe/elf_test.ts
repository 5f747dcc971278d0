import assert from "node:assert/strict";
import { locate, readElf } from "./elf.ts";
import { ExeReader } from "./source.ts";
import { ELF_ADDRESS, elfWith, MemorySource } from "./testdata/samples.ts";

function read(data: Uint8Array) {
  return readElf(new ExeReader(new MemorySource(data)));
}

Deno.test("readElf reads 64-bit and 32-bit program headers alike", async () => {
  for (const is64 of [true, false]) {
    const elf = await read(elfWith(new Uint8Array(16), { is64 }));
    assert.deepEqual(elf?.segments, [{
      type: 1,
      flags: 6,
      offset: 0,
      address: ELF_ADDRESS,
      fileSize: 0x110,
    }]);
  }
});

Deno.test("readElf takes section headers that make no sense for none", async () => {
  for (
    const [offset, count] of [[0xffff_ffff_ffffn, 3], [0x100n, 0xffff], [0n, 2], [
      0xffff_ffff_ffff_ffffn,
      1,
    ]] as const
  ) {
    const data = elfWith(new Uint8Array(16));
    const view = new DataView(data.buffer);
    view.setBigUint64(40, offset, true);
    view.setUint16(58, 64, true);
    view.setUint16(60, count, true);
    assert.deepEqual((await read(data))?.sections, []);
  }
});

Deno.test("readElf refuses program headers outside the file", async () => {
  const data = elfWith(new Uint8Array(16));
  new DataView(data.buffer).setUint16(56, 200, true);
  await assert.rejects(read(data), { name: "Refusal" });
});

Deno.test("readElf takes object files, big-endian files and short files for no executables", async () => {
  const data = elfWith(new Uint8Array(16));
  for (const [at, value] of [[16, 1], [5, 2], [4, 3], [0, 0]] as const) {
    const copy = new Uint8Array(data);
    copy[at] = value;
    assert.equal(await read(copy), null);
  }
  assert.equal(await read(data.subarray(0, 63)), null);
});

Deno.test("locate finds the file offset of an address inside a segment only", async () => {
  const elf = await read(elfWith(new Uint8Array(16)));
  assert.ok(elf);
  const inside = locate(elf, ELF_ADDRESS + 0x10f);
  assert.deepEqual([inside?.offset, inside?.available], [0x10f, 1]);
  assert.equal(locate(elf, ELF_ADDRESS + 0x110), null);
  assert.equal(locate(elf, ELF_ADDRESS - 1), null);
});
