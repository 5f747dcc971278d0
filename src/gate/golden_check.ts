/** Holds a decoder to its golden vectors, byte for byte. Called by try_pack.ts. */
import { GOLDEN_COUNTERS, type GoldenCounters, type GoldenVector } from "../decoder/golden.ts";
import { GateRefusal } from "./refusal.ts";
import { recordsOf } from "./records.ts";
import type { Trial } from "./trial.ts";

/** Runs the vectors in their order; behind each the spans in flight are given up. */
export function checkGoldens(trial: Trial, vectors: readonly GoldenVector[]): void {
  for (const vector of vectors) {
    const difference = differenceOf(vector, trial);
    if (difference !== null) {
      throw new GateRefusal("decoder-golden-mismatch", `golden vector "${vector.name}": ${difference}`);
    }
  }
}

function differenceOf({ input, output, counters }: GoldenVector, trial: Trial): string | null {
  try {
    recordsOf(input);
  } catch {
    return "the input is no run of whole records";
  }
  const result = runVector(trial, input);
  return bytesDiffer(result.output, output) ?? countersDiffer(result.counters, counters);
}

/** What one vector's input gives. Spans in flight are given up behind it, which is not counted. */
export function runVector(trial: Trial, input: Uint8Array): { output: Uint8Array; counters: GoldenCounters } {
  const before = trial.counters();
  const { output } = trial.feed(input);
  const after = trial.counters();
  trial.drop(0);
  const counters: Record<string, number> = {};
  for (const name of GOLDEN_COUNTERS) counters[name] = after[name] - before[name];
  return { output, counters: counters as GoldenCounters };
}

function bytesDiffer(have: Uint8Array, wanted: Uint8Array): string | null {
  const at = have.findIndex((byte, index) => index < wanted.length && byte !== wanted[index]);
  if (at >= 0) return `byte ${at} of the output is ${hex(have[at]!)}, must be ${hex(wanted[at]!)}`;
  return have.length === wanted.length
    ? null
    : `the output has ${have.length} bytes, must have ${wanted.length}`;
}

function countersDiffer(have: GoldenCounters, wanted: GoldenCounters): string | null {
  const name = GOLDEN_COUNTERS.find((counter) => have[counter] !== wanted[counter]);
  return name === undefined ? null : `counter ${name} rises by ${have[name]}, must rise by ${wanted[name]}`;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
