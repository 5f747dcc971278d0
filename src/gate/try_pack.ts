/** The dynamic part of the gate: runs a decoder that examinePack let pass. Called in the gate's Worker and by the build. */
import { samplesOf } from "../../decoder-as/samples/samples.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { Reason } from "../support/reason.ts";
import { runBattery } from "./battery.ts";
import { attempt, goldensOf } from "./examine.ts";
import { checkGoldens } from "./golden_check.ts";
import { recordsOf } from "./records.ts";
import { GateRefusal, reasonOf } from "./refusal.ts";
import { checkSamples } from "./sample_check.ts";
import { Trial } from "./trial.ts";

/** Why the decoder may not run, or null. Takes the same steps for the same pack, in one memory from first to last. */
export function tryPack(pack: DecoderPack): Reason | null {
  try {
    const trial = new Trial(pack.code);
    const goldens = goldensOf(pack);
    const samples = attempt("decoder-bad-manifest", () => samplesOf(pack.manifest));
    checkGoldens(trial, goldens);
    checkSamples(trial, samples, { exact: false });
    const good = [...goldens.map(({ input }) => input), ...samples.map(({ records }) => records)];
    runBattery(trial, good.flatMap(recordsOf));
    // After all that, it must still do what it did.
    checkGoldens(trial, goldens);
    return null;
  } catch (error) {
    if (error instanceof GateRefusal) return reasonOf(error, pack.manifest.name);
    throw error;
  }
}
