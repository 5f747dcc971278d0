import assert from "node:assert/strict";
import { DECODERS, STATUS, TARGETS } from "../../tests/support/status_app.ts";
import { Distribution } from "../metrics/distribution.ts";
import { LEFT_OUT, LOSSES } from "../support/span_outcomes.ts";
import { selfMetrics } from "./self_metrics.ts";

const attachTimes = { analysis: new Distribution([0.1, 1]), attach: new Distribution([0.1, 1]) };
attachTimes.analysis.add(0.5);
const metrics = selfMetrics({
  status: STATUS,
  targets: TARGETS,
  targetSpans: [{ service: "back", pid: 8, spans: 1_009 }],
  attachTimes,
  decoders: DECODERS,
});
const valuesOf = (name: string) =>
  Object.fromEntries(
    metrics.find((metric) => metric.name === name)!.samples.map(({ labels, value }) =>
      [Object.values(labels).join(), value] as const
    ),
  );
const zeroes = (reasons: Record<string, string>) =>
  Object.fromEntries(Object.keys(reasons).map((reason) => [reason, 0]));

Deno.test("selfMetrics: reasons that were never met are 0, so that a rate sees the first loss", () => {
  assert.deepEqual(valuesOf("tsunagi_spans_lost_total"), { ...zeroes(LOSSES), queue_full: 1 });
  assert.deepEqual(valuesOf("tsunagi_spans_left_out_total"), zeroes(LEFT_OUT));
});

Deno.test("selfMetrics: swaps and refused decoders", () => {
  assert.deepEqual(valuesOf("tsunagi_decoder_swaps_total"), { "": DECODERS.swaps.count });
  assert.deepEqual(valuesOf("tsunagi_decoders_refused"), { "": DECODERS.refused.length });
});

Deno.test("selfMetrics: spans by process, drops by CPU, what the service read, and how long attaching took", () => {
  const samplesOf = (name: string) => metrics.find((metric) => metric.name === name)?.samples;
  assert.deepEqual(samplesOf("tsunagi_target_spans_total"), [
    { labels: { service: "back", pid: "8" }, value: 1_009 },
  ]);
  assert.deepEqual(valuesOf("tsunagi_ring_drops_total"), STATUS.ringDrops);
  assert.deepEqual(valuesOf("tsunagi_records_read_total"), { "": STATUS.decoder["records"] });
  assert.deepEqual(valuesOf("tsunagi_attach_duration_seconds"), {
    analysis: attachTimes.analysis,
    attach: attachTimes.attach,
  });
});

Deno.test("selfMetrics: each name begins with tsunagi_, is told once, and counters alone end with _total", () => {
  const names = metrics.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, kind } of metrics) {
    assert.match(name, /^tsunagi_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), kind === "counter", name);
  }
});
