/**
 * What a target reports: a failure with the input that caused it, and figures of a run. The inputs of failures are
 * kept in build/fuzz, under a name from which they can be repeated.
 */

const DIRECTORY = new URL("../../build/fuzz/", import.meta.url);

/** An invariant that did not hold. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";

  /** @param input what was fed; `label` names it: "executables-go1.26-seed7-n12". */
  constructor(readonly label: string, readonly input: Uint8Array, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${label}: ${why}`, { cause });
  }

  /** Writes the input; yields its path. */
  async save(): Promise<string> {
    await Deno.mkdir(DIRECTORY, { recursive: true });
    const file = new URL(`${this.label}.bin`, DIRECTORY);
    await Deno.writeFile(file, this.input);
    return file.pathname;
  }
}

/** Figures of one target's run. */
export interface FuzzReport {
  readonly name: string;
  readonly inputs: number;
  readonly seconds: number;
  /** What became of the inputs, counted. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** How long a target goes on: until one of the limits is reached. */
export interface FuzzLimits {
  readonly seed: number;
  readonly inputs: number;
  readonly seconds: number;
  /** Called before every input that may hang, with a text that tells it. */
  readonly onInput?: (label: string) => void;
}

/** "go1.27: 10,000,512 in 8.2 s (1,220,000/s): spans 3,210,111, ..." */
export function describeReport({ name, inputs, seconds, outcomes }: FuzzReport): string {
  const number = (value: number) => Math.round(value).toLocaleString("en");
  const told = Object.entries(outcomes).map(([outcome, count]) => `${outcome} ${number(count)}`).join(", ");
  const rate = number(inputs / Math.max(seconds, 1e-3));
  return `${name}: ${number(inputs)} inputs in ${seconds.toFixed(1)} s (${rate}/s): ${told}`;
}
