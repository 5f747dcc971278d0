/**
 * `deno task fuzz`: feeds hostile input to decoders, to the readers of executables, to the gate and to the RED stage, for as long as is
 * asked for. The same seed gives the same inputs; what fails is kept in build/fuzz and repeated with --replay.
 */
import { parseArgs } from "node:util";
import { readDecoders } from "./decoder_files.ts";
import { DecoderTarget } from "./decoders.ts";
import { exeCorpus, fuzzExecutables } from "./executables.ts";
import { describeReport, FuzzFailure, type FuzzLimits } from "./failure.ts";
import { fuzzModules } from "./modules.ts";
import { replay } from "./replay.ts";
import { fuzzRows } from "./rows.ts";
import { Watchdog } from "./watchdog.ts";

const HELP = `Usage: deno task fuzz [options]
  --target NAME    decoders, executables, modules or rows; all four by default
  --records N      inputs for each decoder, executables, modules and rows (default: 1000000, 2000, 5000, 300000)
  --time SECONDS   ends each target after that time
  --seed N         repeats a run (default: a new one, which is printed)
  --only NAME      one decoder of target decoders: go1.27
  --replay FILE    feeds an input of build/fuzz again`;

const DEFAULT_INPUTS = { decoders: 1_000_000, executables: 2_000, modules: 5_000, rows: 300_000 } as const;
type TargetName = keyof typeof DEFAULT_INPUTS;

/** Of each form of Go's function table and of its debug information, the newest. */
const PROGRAMS = [
  { toolchain: "1.27.4", flavour: "plain" },
  { toolchain: "1.26.11", flavour: "stripped" },
  { toolchain: "1.26.11", flavour: "pie" },
  { toolchain: "1.19.13", flavour: "plain" },
  { toolchain: "1.17.13", flavour: "pie" },
] as const;
const DEBUG = [{ toolchain: "1.27.4", flavour: "plain" }, {
  toolchain: "1.17.13",
  flavour: "plain",
}] as const;

const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

async function runTarget(name: TargetName, limits: FuzzLimits, only: string | undefined): Promise<void> {
  if (name === "executables") {
    print(describeReport(await fuzzExecutables(await exeCorpus(PROGRAMS, DEBUG), limits)));
    return;
  }
  if (name === "rows") {
    print(describeReport(fuzzRows(limits)));
    return;
  }
  const files = (await readDecoders()).filter((file) => only === undefined || file.name === only);
  if (name === "modules") {
    print(describeReport(await fuzzModules(files, limits)));
    return;
  }
  for (const file of files) print(describeReport(new DecoderTarget(file).run(limits)));
}

const text = { type: "string" } as const;
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    target: text,
    records: text,
    time: text,
    seed: text,
    replay: text,
    only: text,
    help: { type: "boolean" },
  },
});
if (options.help) {
  print(HELP);
  Deno.exit(0);
}
const targets = Object.keys(DEFAULT_INPUTS) as TargetName[];
const wanted = targets.filter((name) => options.target === undefined || name === options.target);
const seed = Number(options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
if (wanted.length === 0 || !Number.isInteger(seed)) {
  print(HELP);
  Deno.exit(2);
}

using watchdog = new Watchdog();
try {
  if (options.replay !== undefined) {
    print(await replay(options.replay));
  } else {
    print(`seed ${seed}`);
    for (const name of wanted) {
      const inputs = Number(options.records ?? DEFAULT_INPUTS[name]);
      const seconds = Number(options.time ?? Infinity);
      await runTarget(
        name,
        { seed, inputs, seconds, onInput: (label) => watchdog.watch(label) },
        options.only,
      );
    }
  }
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  print(`${error.stack ?? error.message}\nkept as ${await error.save()}; repeat it with --replay`);
  Deno.exitCode = 1;
}
