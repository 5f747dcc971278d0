/**
 * A few seconds of every target of `deno task fuzz`: with one seed that stays, and with one that is new each time and
 * told, so that what it finds can be repeated.
 */
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { readDecoders } from "./decoder_files.ts";
import { DecoderTarget } from "./decoders.ts";
import { exeCorpus, fuzzExecutables } from "./executables.ts";
import { describeReport, FuzzFailure, type FuzzReport } from "./failure.ts";
import { fuzzModules } from "./modules.ts";
import { fuzzRows } from "./rows.ts";
import { Watchdog } from "./watchdog.ts";

const SEEDS = [20261124, crypto.getRandomValues(new Uint32Array(1))[0]!];
const RECORDS = 60_000;
const EXECUTABLES = 120;
const MODULES = 250;
const ROWS = 20_000;
/** Enough for every input on an idle machine; on a busy one there are fewer. */
const SECONDS = 4;

/** Runs a target and keeps the input that it fails with. */
async function fuzz(run: () => FuzzReport | Promise<FuzzReport>): Promise<void> {
  try {
    const report = await run();
    Deno.stdout.writeSync(new TextEncoder().encode(`${describeReport(report)}\n`));
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    throw new Error(`Kept as ${await error.save()}; repeat it with deno task fuzz --replay`, {
      cause: error,
    });
  }
}

for (const seed of SEEDS) {
  Deno.test(`feed: mutated records break no promise of any decoder, seed ${seed}`, async () => {
    using watchdog = new Watchdog();
    const onInput = (label: string) => watchdog.watch(label);
    for (const file of await readDecoders()) {
      await fuzz(() => new DecoderTarget(file).run({ seed, inputs: RECORDS, seconds: SECONDS, onInput }));
    }
  });

  Deno.test(`inspectGoExe, readGoStructs: mutated programs are read or refused, seed ${seed}`, async () => {
    using watchdog = new Watchdog();
    const build = { toolchain: DEFAULT_TOOLCHAIN, flavour: "plain" } as const;
    const samples = await exeCorpus([build], [build]);
    const onInput = (label: string) => watchdog.watch(label);
    await fuzz(() => fuzzExecutables(samples, { seed, inputs: EXECUTABLES, seconds: SECONDS, onInput }));
  });

  Deno.test(`examinePack, tryPack: mutated modules are taken or refused, seed ${seed}`, async () => {
    using watchdog = new Watchdog();
    const files = await readDecoders();
    const onInput = (label: string) => watchdog.watch(label);
    await fuzz(() => fuzzModules(files, { seed, inputs: MODULES, seconds: SECONDS, onInput }));
  });

  Deno.test(`run: mutated rows break no promise of the RED stage, seed ${seed}`, async () => {
    using watchdog = new Watchdog();
    const onInput = (label: string) => watchdog.watch(label);
    await fuzz(() => fuzzRows({ seed, inputs: ROWS, seconds: SECONDS, onInput }));
  });
}
