import assert from "node:assert/strict";
import { readDebugTypes, readStructs, type StructLayout } from "./dwarf.ts";
import { FileSource } from "./file_source.ts";
import { MemorySource, run, Samples, type Variant } from "./testdata/samples.ts";

const WANTED = {
  "net/http.Request": ["Method", "URL", "Header", "Host", "no such field"],
  "net/url.URL": ["Path", "RawQuery"],
};

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

/** What the compiler itself says. */
async function truth(): Promise<Record<string, Record<string, number>>> {
  return JSON.parse(await run(await samples.path(), ["offsets"]));
}

function plain(found: ReadonlyMap<string, StructLayout>): Record<string, Record<string, number>> {
  return Object.fromEntries(
    [...found].map((
      [name, { byteSize, offsets }],
    ) => [name, { "(size)": byteSize, ...Object.fromEntries(offsets) }]),
  );
}

async function structsOf(path: string): Promise<Record<string, Record<string, number>>> {
  using source = await FileSource.open(path);
  return plain(await readStructs(source, WANTED));
}

const VARIANTS: readonly (readonly [string, Variant])[] = [
  ["compressed by the ELF standard", {}],
  ["uncompressed", { args: ["-ldflags=-compressdwarf=false"] }],
  ["of version 4", { env: { GOEXPERIMENT: "nodwarf5" } }],
];

for (const [form, variant] of VARIANTS) {
  Deno.test(`readStructs reads offsets from debug information ${form}`, async () => {
    assert.deepEqual(await structsOf(await samples.path(variant)), await truth());
  });
}

Deno.test("readStructs reads offsets from debug information compressed in the old GNU form", async () => {
  const path = await samples.path({ args: ["-ldflags=-compressdwarf=false"] });
  const copy = await Deno.makeTempFile({ prefix: "tsunagi-goexe-" });
  try {
    await run("objcopy", ["--compress-debug-sections=zlib-gnu", path, copy]);
    assert.match(await run("readelf", ["-SW", copy]), /\.zdebug_info/);
    assert.deepEqual(await structsOf(copy), await truth());
  } finally {
    await Deno.remove(copy);
  }
});

Deno.test("readStructs leaves out structs that the program does not have", async () => {
  using source = await FileSource.open(await samples.path());
  assert.equal((await readStructs(source, { "net/http.NoSuchStruct": ["x"] })).size, 0);
});

Deno.test("readStructs refuses an executable without debug information", async () => {
  using source = await FileSource.open(await samples.path({ args: ["-ldflags=-s -w"] }));
  await assert.rejects(readStructs(source, WANTED), /it has no debug information/);
});

Deno.test("readStructs refuses broken debug information", async () => {
  const path = await samples.path({ args: ["-ldflags=-compressdwarf=false"] });
  const data = await Deno.readFile(path);
  const line =
    (await run("readelf", ["-SW", path])).split("\n").find((text) => / \.debug_info /.test(text)) ?? "";
  const offset = parseInt(line.replace(/^.*?\]/, "").trim().split(/\s+/)[3] ?? "", 16);
  for (const [at, value] of [[0, 0xff], [3, 0x7f], [4, 9], [12, 0xee]] as const) {
    const copy = new Uint8Array(data);
    copy.fill(value, offset + at, offset + at + 4);
    await assert.rejects(
      readStructs(new MemorySource(copy), { nothing: [] }),
      { name: "Refusal" },
      `at ${at}`,
    );
  }
});

Deno.test("readDebugTypes reads constants, and stops when it has enough", async () => {
  using source = await FileSource.open(await samples.path());
  const wanted = {
    structs: WANTED,
    constants: ["runtime._Gdead", "runtime._Grunning", "runtime.noSuchConstant"],
  };
  const all = await readDebugTypes(source, wanted);
  // src/runtime/runtime2.go
  assert.deepEqual(all?.constants, new Map([["runtime._Gdead", 6], ["runtime._Grunning", 2]]));
  let asked = 0;
  await readDebugTypes(source, { ...wanted, enough: () => ++asked === 3 });
  assert.equal(asked, 3);
});

Deno.test("readDebugTypes ends when it is told to", async () => {
  using source = await FileSource.open(await samples.path());
  await assert.rejects(readDebugTypes(source, { structs: WANTED, signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

Deno.test("readDebugTypes survives 200 programs with overwritten debug information", async () => {
  const path = await samples.path({ args: ["-ldflags=-compressdwarf=false"] });
  const original = await Deno.readFile(path);
  const sections = (await run("readelf", ["-SW", path])).split("\n")
    .map((line) => / \.debug_(info|abbrev) +PROGBITS +\w+ +(\w+) +(\w+)/.exec(line))
    .filter((match) => match !== null)
    .map(([, , offset = "", size = ""]) => [parseInt(offset, 16), parseInt(size, 16)] as const);
  assert.equal(sections.length, 2);
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const data = new Uint8Array(original);
    const [offset, size] = sections[seed % 2]!;
    for (let change = 0; change < 4; change++) {
      const at = Math.imul(seed * 4 + change, 0x9e3779b1) >>> 0;
      // Half of the changes near the beginning, where all that follows depends on them.
      data[offset + at % (change < 2 ? Math.min(size, 256) : size)] = at >>> 24;
    }
    const startedMs = performance.now();
    const outcome = await readDebugTypes(new MemorySource(data), {
      structs: WANTED,
      constants: ["runtime._Gdead"],
    })
      .then(() => "read", (error) => error.name);
    assert.ok(performance.now() - startedMs < 60_000, `seed ${seed} took too long`);
    outcomes.add(outcome);
  }
  assert.deepEqual([...outcomes].sort(), ["Refusal", "read"]);
});
