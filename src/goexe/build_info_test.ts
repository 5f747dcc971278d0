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
    modules: new Map([["other", "v1"]]),
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
  assert.deepEqual(await infoOf(content), {
    recordedVersion: "go1.17.13",
    modulePath: "example",
    modules: new Map([["other", "v1"]]),
  });
});

/** Build information since Go 1.18 with these lines. */
async function modulesOf(lines: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
  const modules = text(`0123456789abcdef${lines.join("\n")}\n0123456789abcdef`);
  const length: number[] = [];
  for (let rest = modules.length; length.length === 0 || rest > 0; rest >>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
  }
  return (await infoOf(Uint8Array.from([...header(2), 8, ...text("go1.26.8"), ...length, ...modules])))
    ?.modules;
}

Deno.test("readBuildInfo puts a replaced module under the path of its replacement", async () => {
  const found = await modulesOf([
    "path\texample/cmd",
    "mod\texample\t(devel)\t",
    "dep\ta.example/kept\tv1.0.0\th1:x=",
    "dep\ta.example/pinned\tv1.0.0",
    "=>\ta.example/pinned\tv1.5.0\th1:x=",
    "dep\ta.example/forked\tv1.0.0",
    "=>\tb.example/fork\tv0.0.1\th1:x=",
    "dep\ta.example/local\tv1.0.0",
    "=>\t../local\t",
    "build\t-compiler=gc",
  ]);
  assert.deepEqual(
    found,
    new Map([
      ["a.example/kept", "v1.0.0"],
      ["a.example/pinned", "v1.5.0"],
      ["b.example/fork", "v0.0.1"],
      ["../local", ""],
    ]),
  );
});

Deno.test("readBuildInfo keeps a bounded number of modules, of bounded length", async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `dep\ta.example/m${i}\tv1.0.0`);
  const found = await modulesOf([`dep\t${"x".repeat(2_000)}\tv1.0.0`, ...many]);
  assert.equal(found?.size, 4_096);
  assert.equal(found?.get("a.example/m0"), "v1.0.0");
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
