import assert from "node:assert/strict";
import { inspectGoExe } from "./inspect.ts";
import { MemorySource, Samples, withoutSections } from "./testdata/samples.ts";

const samples = new Samples();
Deno.test.afterAll(() => samples[Symbol.asyncDispose]());

/** Deterministic numbers in [0, 1); mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Inspects, and checks what must hold whatever the bytes are. */
async function survive(data: Uint8Array, what: string): Promise<string> {
  const started = performance.now();
  const inspection = await inspectGoExe(new MemorySource(data));
  assert.ok(performance.now() - started < 60_000, `${what} took too long`);
  if (inspection.kind === "go") {
    for (const { fileOffset, symbol } of inspection.exe.sites) {
      assert.ok(
        Number.isSafeInteger(fileOffset) && fileOffset >= 0 && fileOffset < data.length,
        `${what}: ${symbol}`,
      );
    }
  }
  return inspection.kind === "refused" ? inspection.reason.code : inspection.kind;
}

/** Places that decide: the headers, the build information, the function table, and a few random ones. */
async function interestingRanges(data: Uint8Array): Promise<[number, number][]> {
  const ranges: [number, number][] = [[0, 64], [64, 1024], [0x190, 0x190 + 26 * 64], [0xf00, 0x1000]];
  const record = new MemorySource(data);
  const read = record.read.bind(record);
  record.read = (offset, length) => {
    ranges.push([offset, offset + Math.min(length, 256)], [offset, offset + length]);
    return read(offset, length);
  };
  await inspectGoExe(record);
  return ranges;
}

Deno.test("inspectGoExe survives 400 executables with overwritten bytes", async () => {
  const original = await samples.bytes({ args: ["-ldflags=-s -w"] });
  const ranges = await interestingRanges(original);
  const random = randomNumbers(1);
  const outcomes = new Set<string>();
  const values = [0, 1, 0x7f, 0x80, 0xff];
  for (let i = 0; i < 400; i++) {
    const data = i % 4 === 3 ? withoutSections(original) : new Uint8Array(original);
    const changes = 1 + Math.floor(random() * 8);
    for (let change = 0; change < changes; change++) {
      const [start, end] = ranges[Math.floor(random() * ranges.length)] ?? [0, data.length];
      const at = start + Math.floor(random() * (end - start));
      const run = random() < 0.3 ? 8 : 1;
      const value = random() < 0.5
        ? values[Math.floor(random() * values.length)] ?? 0
        : Math.floor(random() * 256);
      data.fill(value, at, at + run);
    }
    outcomes.add(await survive(data, `case ${i}`));
  }
  assert.ok(
    outcomes.has("go") && outcomes.has("corrupt-executable") && outcomes.size > 2,
    [...outcomes].join(),
  );
});

Deno.test("inspectGoExe survives an executable cut at any length", async () => {
  const original = await samples.bytes({ args: ["-ldflags=-s -w"] });
  const random = randomNumbers(2);
  for (let i = 0; i < 150; i++) {
    const length = i < 50 ? i * 100 : Math.floor(random() * original.length * 0.9);
    assert.notEqual(
      await survive(original.subarray(0, length), `cut at ${length}`),
      "go",
      `cut at ${length}`,
    );
  }
});

Deno.test("inspectGoExe survives a 64-bit number of any size in every header field", async () => {
  const original = await samples.bytes({ args: ["-ldflags=-s -w", "-buildmode=pie"] });
  const numbers = [0xffff_ffff_ffff_ffffn, 0x1f_ffff_ffff_ffffn, 0n];
  for (let at = 0; at < 64 + 6 * 56; at += 8) {
    for (const number of numbers) {
      const data = new Uint8Array(original);
      new DataView(data.buffer).setBigUint64(at, number, true);
      await survive(data, `0x${number.toString(16)} at ${at}`);
    }
  }
});

Deno.test("inspectGoExe survives a function table that claims to fill the file", async () => {
  const original = await samples.bytes({ args: ["-ldflags=-s -w"] });
  const at = Array.from({ length: original.length / 8 }, (_, i) => 8 * i).find((i) =>
    original[i] === 0xf1 && original[i + 1] === 0xff && original[i + 6] === 1 && original[i + 7] === 8
  );
  assert.ok(at !== undefined);
  for (let word = 0; word < 8; word++) {
    for (const number of [0n, 1n, 0x10_0000n, 0xffff_ffffn, 0x1f_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn]) {
      const data = new Uint8Array(original);
      new DataView(data.buffer).setBigUint64(at + 8 + 8 * word, number, true);
      await survive(data, `word ${word} is 0x${number.toString(16)}`);
    }
  }
});
