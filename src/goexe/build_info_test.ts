import assert from "node:assert/strict";
import { readBuildInfo } from "./build_info.ts";
import { readElf } from "./elf.ts";
import { ExeReader } from "./source.ts";
import { ELF_ADDRESS as ADDRESS, elfWith, MemorySource } from "./testdata/samples.ts";

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

async function infoOf(content: Uint8Array) {
  const reader = new ExeReader(new MemorySource(elfWith(content)));
  const elf = await readElf(reader);
  assert.ok(elf !== null);
  return await readBuildInfo(elf, reader);
}

function header(flags: number): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set([0xff, ...text(" Go buildinf:"), 8, flags]);
  return bytes;
}

const MODULES =
  `0123456789abcdefpath\texample/cmd\nmod\texample\tv1.2.3\th1:x=\ndep\tother\tv1\n0123456789abcdef`;

Deno.test("readBuildInfo reads the texts inside the header since Go 1.18", async () => {
  const content = [...header(2), 8, ...text("go1.26.8"), MODULES.length, ...text(MODULES)];
  assert.deepEqual(await infoOf(Uint8Array.from(content)), {
    recordedVersion: "go1.26.8",
    modulePath: "example",
  });
});

Deno.test("readBuildInfo follows the pointers of the header before Go 1.18", async () => {
  const content = new Uint8Array(0x400);
  const view = new DataView(content.buffer);
  content.set(header(0));
  const strings = [["go1.17.13", 0x100], [MODULES, 0x200]] as const;
  strings.forEach(([value, at], i) => {
    view.setBigUint64(16 + 8 * i, BigInt(ADDRESS + 0x100 + 0x40 + 16 * i), true);
    view.setBigUint64(0x40 + 16 * i, BigInt(ADDRESS + 0x100 + at), true);
    view.setBigUint64(0x48 + 16 * i, BigInt(value.length), true);
    content.set(text(value), at);
  });
  assert.deepEqual(await infoOf(content), { recordedVersion: "go1.17.13", modulePath: "example" });
});

Deno.test("readBuildInfo finds nothing where the magic is missing or not aligned", async () => {
  assert.equal(await infoOf(new Uint8Array(64)), null);
  assert.equal(await infoOf(Uint8Array.from([0, ...header(2), 2, 0x67, 0x6f, 0])), null);
});

Deno.test("readBuildInfo refuses texts without end, too long or empty", async () => {
  const refused = [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0x03],
    [0x00, 0x00],
    [0x40, 0x67],
  ];
  for (const content of refused) {
    await assert.rejects(infoOf(Uint8Array.from([...header(2), ...content])), { name: "Refusal" });
  }
});
