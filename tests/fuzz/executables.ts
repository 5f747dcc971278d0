/**
 * Target "executables": mutated Go programs through inspectGoExe, mutated debug information through readGoStructs.
 * Whatever the bytes are, the outcome is one of the documented ones and costs no more than a bound.
 */
import assert from "node:assert/strict";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { Refusal } from "../../src/goexe/refusal.ts";
import type { ByteSource } from "../../src/goexe/types.ts";
import { readGoStructs } from "../../src/maker/structs.ts";
import { debugSamples, type ExeBuild, type ExeSample, programSample } from "./exe_corpus.ts";
import { mutateExe } from "./exe_mutations.ts";
import { FuzzFailure, type FuzzLimits, type FuzzReport } from "./failure.ts";
import { Random } from "./random.ts";

/** The reader's own bound, with room for the last read. */
const READ_LIMIT_BYTES = 640 * 1024 * 1024;
/** Generous for a machine that does other work too: real programs take 50 ms. */
const TIME_LIMIT_MS = 60_000;
const MEMORY_LIMIT_BYTES = 2 * 1024 * 1024 * 1024;
/** Codes of src/goexe/refusal.ts. */
const CODES = new Set([
  "corrupt-executable",
  "go-too-old",
  "go-version-unknown",
  "no-http",
  "probe-site-unsafe",
  "symbol-inlined",
  "symbol-missing",
  "unsupported-arch",
  "upx-packed",
]);

/** Builds of which programs and debug information are mutated. */
export async function exeCorpus(
  programs: readonly ExeBuild[],
  debug: readonly ExeBuild[],
): Promise<ExeSample[]> {
  const samples: ExeSample[] = [];
  for (const build of programs) samples.push(await programSample(build));
  for (const build of debug) samples.push(...await debugSamples(build));
  return samples;
}

/** @throws {FuzzFailure} */
export async function fuzzExecutables(
  samples: readonly ExeSample[],
  { seed, inputs, seconds, onInput }: FuzzLimits,
): Promise<FuzzReport> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const outcomes: Record<string, number> = {};
  let input = 0;
  for (; input < inputs && elapsed() < seconds; input++) {
    const sample = samples[input % samples.length]!;
    const label = `executables-${sample.name}-seed${seed}-n${input}`;
    onInput?.(label);
    const source = mutateExe(sample, new Random(seed, "executables", input), READ_LIMIT_BYTES);
    try {
      const outcome = await examineExe(source, sample.reads);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      throw new FuzzFailure(label, await source.bytes(), error);
    }
  }
  return { name: "executables", inputs: input, seconds: elapsed(), outcomes };
}

/** Reads one executable and checks the outcome; yields its name. */
export async function examineExe(source: ByteSource, reads: ExeSample["reads"]): Promise<string> {
  const started = performance.now();
  const outcome = reads === "inspect" ? await inspect(source) : await structs(source);
  const took = performance.now() - started;
  assert.ok(took < TIME_LIMIT_MS, `took ${Math.round(took)} ms`);
  const { rss } = Deno.memoryUsage();
  assert.ok(rss < MEMORY_LIMIT_BYTES, `${rss} bytes of memory are in use`);
  return outcome;
}

async function inspect(source: ByteSource): Promise<string> {
  const inspection = await inspectGoExe(source);
  if (inspection.kind === "not-go") return "not-go";
  if (inspection.kind === "refused") {
    const { code, message, remedy } = inspection.reason;
    assert.ok(CODES.has(code), `unknown code ${code}`);
    assert.ok(message !== "" && remedy !== "");
    return code;
  }
  const { sites } = inspection.exe;
  assert.ok(sites.length > 0, "a program without sites");
  for (const { fileOffset, symbol, address } of sites) {
    const isPlace = Number.isSafeInteger(fileOffset) && fileOffset >= 0 && fileOffset < source.size;
    assert.ok(isPlace && Number.isSafeInteger(address), `site at ${fileOffset} in ${symbol}`);
  }
  return "go";
}

async function structs(source: ByteSource): Promise<string> {
  try {
    const found = await readGoStructs(source);
    if (found === null) return "no-structs";
    for (const [field, offset] of Object.entries(found.fields)) {
      assert.ok(offset === null || offset >= 0, `${field} at ${offset}`);
    }
    return "structs";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.ok(CODES.has(error.reason.code), `unknown code ${error.reason.code}`);
    return `debug-${error.reason.code}`;
  }
}
