/** Metrics over a stage that tests speak for. Used by the tests beside it. */
import type { MeasureConfig } from "../config/config.ts";
import { type Histogram, LATENCY_BUCKETS, type RedSnapshot } from "../red/types.ts";
import { createResource } from "../trace/resource.ts";
import { Metrics } from "./metrics.ts";
import { NO_SNAPSHOT } from "./totals.ts";

export const MEASURE: MeasureConfig = {
  features: ["application", "application_service_graph"],
  durationBucketsS: [0.1, 1],
  sizeBucketsBytes: [32],
  maxSeries: 100,
  attributes: [],
  ttlMs: 300_000,
};
export const resourceOf = (pid: number, name: string) =>
  createResource({
    pid,
    exe: `/bin/${name}`,
    goVersion: "go1.26.8",
    environment: { OTEL_RESOURCE_ATTRIBUTES: "service.namespace=shop" },
    hostName: "h",
  });
const OWN = resourceOf(1, "tsunagi");
export const TRACE = "0af7651916cd43dd8448eb211c80319c";
export const SPAN = "b7ad6b7169203331";
const EXEMPLAR = { traceId: TRACE, spanId: SPAN, value: 0.05, timeUnixNs: 1_500_000_000_000_000_000n };

const histogram = (low: number, high: number): Histogram => ({
  count: low + high,
  sum: low * 0.05 + high * 0.5,
  buckets: [low, high, 0],
  exemplars: [EXEMPLAR, null, null],
});

/** `low` requests of 50 ms and `high` failed ones of 500 ms. */
export function snapshotOf(low: number, high: number, route = '/a"\\\n'): RedSnapshot {
  const fine = (...counts: [index: number, count: number][]) => {
    const all = new Uint32Array(LATENCY_BUCKETS);
    for (const [index, count] of counts) all[index] = count;
    return all;
  };
  const common = { resource: 1, method: "GET", route, overflow: false };
  return {
    ...NO_SNAPSHOT,
    series: [{
      metric: "http.server.request.duration",
      resource: 1,
      attributes: { "http.route": route, "http.response.status_code": 200 },
      overflow: false,
      startUnixNs: 1_000n,
      histogram: histogram(low, high),
    }],
    edges: [{
      client: 1,
      server: 2,
      peer: "",
      overflow: false,
      startUnixNs: 1_000n,
      requests: low + high,
      failed: high,
      clientDuration: histogram(low, high),
      serverDuration: histogram(low, high),
      latencies: fine([125, low], [151, high]),
    }],
    routes: [
      { ...common, failed: false, count: low, sumS: low * 0.05, buckets: fine([125, low]) },
      { ...common, failed: true, count: high, sumS: high * 0.5, buckets: fine([151, high]) },
    ],
  };
}

export function setUp(first: RedSnapshot | null) {
  const state = {
    snapshot: first,
    nowMs: 1_600_000_000_000,
    forgotten: [] as number[],
    measure: MEASURE,
    /** By number; one that is forgotten is gone. */
    resources: new Map([[1, resourceOf(11, "front")], [2, resourceOf(12, "back")]]),
  };
  const clock = {
    now: () => state.nowMs,
    elapsed: () => state.nowMs,
    sleep: () => Promise.resolve(),
  };
  const metrics = new Metrics({
    clock,
    measure: () => state.measure,
    snapshot: () => Promise.resolve(state.snapshot),
    lookup: (resource) => state.resources.get(resource),
    own: () => OWN,
    self: () => [{
      name: "tsunagi_spans_begun_total",
      help: "Spans.",
      kind: "counter",
      samples: [{ labels: {}, value: 3 }],
    }],
    onForget(resource) {
      state.forgotten.push(resource);
      state.resources.delete(resource);
    },
  });
  return { metrics, state };
}
