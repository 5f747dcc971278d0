import assert from "node:assert/strict";
import { readElf } from "./elf.ts";
import { findNames } from "./name_table.ts";
import { findFunctions } from "./pclntab.ts";
import { ExeReader } from "./source.ts";
import { MemorySource, run, Samples } from "./testdata/samples.ts";

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

Deno.test("findFunctions gives the addresses of the symbol table for a thousand functions", async () => {
  for (const variant of [{}, { args: ["-buildmode=pie"] }]) {
    const path = await samples.path(variant);
    const lines = (await run("go", ["tool", "nm", path])).split("\n").map((line) => line.trim().split(/\s+/));
    const all = lines.filter(([, type, name, more]) =>
      /^[Tt]$/.test(type ?? "") && name && more === undefined
    );
    // Assembly functions and wrappers may share a name; what is wanted are methods and closures, which do not.
    const methods = all.filter(([, , name]) => /^net\/http\..*\)\./.test(name ?? ""));
    const expected = new Map(
      methods.slice(0, 1000).map(([address, , name]) => [name, parseInt(address ?? "", 16)]),
    );
    assert.ok(expected.size > 500);
    const reader = new ExeReader(new MemorySource(await Deno.readFile(path)));
    const elf = await readElf(reader);
    assert.ok(elf !== null);
    const names = new Set([...expected.keys()].map((name) => name ?? ""));
    const found = await findFunctions(elf, reader, names);
    assert.deepEqual([...found].map(([name, { entry }]) => [name, entry]).sort(), [...expected].sort());
  }
});

Deno.test("findFunctions leaves out functions that the program does not have", async () => {
  const reader = new ExeReader(new MemorySource(await samples.bytes()));
  const elf = await readElf(reader);
  assert.ok(elf !== null);
  const found = await findFunctions(elf, reader, new Set(["net/http.noSuchFunction", "main.main"]));
  assert.deepEqual([...found.keys()], ["main.main"]);
});

Deno.test("findNames matches whole names only", () => {
  const table = new TextEncoder().encode("\0a.f\0a.f.func1\0xa.f\0a.g\0cut");
  assert.deepEqual([...findNames(table, new Set(["a.f", "a.g", "cut", "none"]))], [[1, "a.f"], [20, "a.g"]]);
});
