import { deepEqual } from "node:assert/strict";
import { CONFIG, DECODERS, STATE, STATUS } from "../../tests/support/status_app.ts";
import { createLogger } from "../support/log.ts";
import { Overview } from "./overview.ts";
import { Resources } from "./resources.ts";
import { TargetFigures } from "./target_figures.ts";

function overview(): Overview {
  const resources = new Resources({ log: createLogger({ write: () => {} }) });
  return new Overview({
    session: () => null,
    resources,
    figures: new TargetFigures({ serviceOf: (pid) => resources.of(pid).serviceName, ttlMs: () => 1_000 }),
    output: { stats: () => ({ ...STATUS.export, exported: 0 }) },
    metricExport: {
      stats: () => ({
        exports: 0,
        points: 0,
        failed: {},
        rejected: 0,
        retries: 0,
        lastError: null,
        reason: null,
      }),
    },
    store: { stats: () => STATUS.store },
    printer: { stats: () => ({ printed: 0, dropped: 0, summarized: 0, waiting: 0 }) },
    events: { stats: () => ({ clients: 0, sent: 0, dropped: {}, refused: 0, cut: 0 }) },
    decoders: { list: () => Promise.resolve(DECODERS) },
    config: () => ({ current: CONFIG, state: STATE }),
  });
}

Deno.test("Overview counts decoders that were stopped by reason, in the status and in the metrics", async () => {
  const all = overview();
  for (const code of ["decoder-trapped", "decoder-too-slow", "decoder-trapped"]) {
    all.decoderFailed({ code, message: "It failed", remedy: "Push another" });
  }
  deepEqual((await all.status()).decoderFaults, { trapped: 2, too_slow: 1 });
  const metrics = await all.selfMetrics();
  const faults = metrics.find(({ name }) => name === "tsunagi_decoder_faults_total");
  deepEqual(
    Object.fromEntries(faults!.samples.map(({ labels, value }) => [labels["reason"], value])),
    { trapped: 2, too_slow: 1, framing: 0, bad_records: 0 },
  );
});
