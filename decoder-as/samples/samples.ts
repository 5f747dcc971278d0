/**
 * Requests and calls of which it is known what span they must give: captured from a SampleHeap by a decoder's own
 * plans. Golden vectors are made of them, and the gate tries every decoder with them.
 */
import * as wire from "../../bpf/wire.gen.ts";
import type { DecoderManifest } from "../../src/decoder/manifest.ts";
import { clientSamples } from "./client_samples.ts";
import { hasPlans, type Sample } from "./sample.ts";
import { serverHttp2, serverSamples } from "./server_samples.ts";

export type { Sample, SampleSpan } from "./sample.ts";

/** Samples for all probes that the decoder has plans for, those of libraries too. */
export function samplesOf(
  { structs, plans, libraries }: Pick<DecoderManifest, "structs" | "plans" | "libraries">,
): Sample[] {
  const own = { fields: structs.fields, plans };
  return [
    ...serverSamples(own),
    ...clientSamples(own),
    ...libraries.flatMap((library) => {
      if (!hasPlans(plans, wire.PROBE_SERVER_START)) return [];
      if (!hasPlans(library.plans, wire.PROBE_SERVER_END_X_NET)) return [];
      const probes = new Set(library.plans.map(({ probe }) => probe));
      const source = {
        fields: { ...structs.fields, ...library.fields },
        plans: [...plans.filter(({ probe }) => !probes.has(probe)), ...library.plans],
      };
      return [
        serverHttp2(source, `server of ${library.module} ${library.range}`, wire.PROBE_SERVER_END_X_NET),
      ];
    }),
  ];
}
