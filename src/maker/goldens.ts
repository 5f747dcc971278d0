/**
 * Makes the golden vectors of a new decoder: what it makes of samples, once that has been found to be what the samples
 * said. Called by family_pack.ts.
 */
import { samplesOf } from "../../decoder-as/samples/samples.ts";
import type { GoldenVector } from "../decoder/golden.ts";
import type { DecoderManifest } from "../decoder/manifest.ts";
import { runVector } from "../gate/golden_check.ts";
import { checkSamples, type SampleCheckOptions } from "../gate/sample_check.ts";
import { Trial } from "../gate/trial.ts";

/**
 * One vector for each sample. `code` is the hardened module; exact is for decoders that give all that those of this
 * project give.
 *
 * @throws {GateRefusal} when a span is not what its sample said.
 */
export function makeGoldens(
  manifest: DecoderManifest,
  code: Uint8Array<ArrayBuffer>,
  options: SampleCheckOptions = { exact: true },
): GoldenVector[] {
  const samples = samplesOf(manifest);
  const trial = new Trial(code);
  checkSamples(trial, samples, options);
  return samples.map(({ name, records }) => ({ name, input: records, ...runVector(trial, records) }));
}
