/**
 * What a real Prometheus holds in the end equals what was measured: scraped from the Collector that got it by OTLP,
 * and scraped from a page as the agent serves it.
 */
import assert from "node:assert/strict";
import type { Temporality } from "../../src/config/config.ts";
import { MetricExporter } from "../../src/export/metric_exporter.ts";
import { createLogger } from "../../src/support/log.ts";
import { eventually } from "../support/eventually.ts";
import { Collector } from "../support/otlp_collector.ts";
import {
  DURATION_BOUNDS_S,
  type ExpectedSeries,
  Measured,
  SIZE_BOUNDS_BYTES,
} from "../support/otlp_measured.ts";
import { type Labels, Prometheus, type PromExemplar, type PromSample } from "../support/otlp_prometheus.ts";

/** Scope and place of the target, which are not about the measurement. */
const UNRELATED = /^(otel_scope_.*|job|service_name|service_namespace|__name__)$/;

/** "http.server.request.duration" with its unit, as Prometheus names it. */
function prometheusName(metric: string): string {
  const unit = metric.endsWith("_seconds") ? "" : metric.endsWith(".duration") ? "_seconds" : "_bytes";
  return metric.replaceAll(".", "_") + unit;
}

function labelsOf({ instance, attributes }: Pick<ExpectedSeries, "instance" | "attributes">): Labels {
  const entries = Object.entries(attributes).map(([key, value]) => [key.replaceAll(".", "_"), String(value)]);
  return { instance, ...Object.fromEntries(entries) };
}

const keyOf = (labels: Labels): string =>
  // An empty label is none.
  JSON.stringify(
    Object.entries(labels).filter(([name, value]) => !UNRELATED.test(name) && value !== "").sort(),
  );

/** Samples by their labels; none may come twice. */
function byLabels(samples: readonly PromSample[]): Map<string, number> {
  const map = new Map<string, number>();
  for (const { labels, value } of samples) {
    const key = keyOf(labels);
    assert.ok(!map.has(key), `twice: ${key}`);
    map.set(key, value);
  }
  return map;
}

/** What Prometheus must have under the names of one histogram. */
function expectedSamples(
  series: readonly ExpectedSeries[],
): Record<"bucket" | "sum" | "count", Map<string, number>> {
  const samples = {
    bucket: new Map<string, number>(),
    sum: new Map<string, number>(),
    count: new Map<string, number>(),
  };
  for (const one of series) {
    const labels = labelsOf(one);
    const bounds: readonly number[] = one.metric.endsWith(".size") ? SIZE_BOUNDS_BYTES : DURATION_BOUNDS_S;
    samples.sum.set(keyOf(labels), one.sum);
    samples.count.set(keyOf(labels), one.count);
    one.buckets.forEach((_, at) => {
      // OpenMetrics writes bounds with a point, and Prometheus keeps that.
      const bound = bounds[at];
      const le = bound === undefined ? "+Inf" : Number.isInteger(bound) ? `${bound}.0` : String(bound);
      const below = one.buckets.slice(0, at + 1).reduce((sum, count) => sum + count, 0);
      samples.bucket.set(keyOf({ ...labels, le }), below);
    });
  }
  return samples;
}

async function assertHolds(
  prometheus: Prometheus,
  measured: Measured,
  { withExemplars = true } = {},
): Promise<void> {
  const graph = measured.expectedGraph();
  const histograms = Map.groupBy([...measured.expected(), ...graph.histograms], ({ metric }) => metric);
  assert.ok(histograms.size >= 5, "metrics of every kind are expected");
  for (const [metric, series] of histograms) {
    const name = prometheusName(metric);
    const expected = expectedSamples(series);
    for (const suffix of ["bucket", "sum", "count"] as const) {
      assert.deepEqual(
        byLabels(await prometheus.query(`${name}_${suffix}`)),
        expected[suffix],
        `${name}_${suffix}`,
      );
    }
    const exemplars = await prometheus.exemplars(`${name}_bucket`);
    exemplars.forEach((exemplar) => assertExemplar(exemplar, measured));
    const found = new Set(exemplars.map(({ labels }) => labels["trace_id"]));
    const newest = series.flatMap(({ exemplars }) => exemplars.map(({ traceId }) => traceId));
    const lacking = newest.filter((traceId) => !found.has(traceId));
    if (withExemplars) assert.deepEqual(lacking, [], `exemplars that ${name} lacks`);
  }
  for (const { metric, attributes, value } of graph.counters) {
    const expected = new Map([[keyOf(labelsOf({ instance: "h:1", attributes })), value]]);
    assert.deepEqual(byLabels(await prometheus.query(metric)), expected, metric);
  }
  await assertOwners(prometheus);
}

/** It was measured, and is in the bucket of its value. */
function assertExemplar({ labels, value, series }: PromExemplar, { exemplars }: Measured): void {
  const wanted = exemplars.get(labels["trace_id"] ?? "");
  assert.deepEqual([labels["span_id"], value], [wanted?.spanId, wanted?.value]);
  const le = series["le"] === "+Inf" ? Infinity : Number(series["le"]);
  assert.ok(value <= le, `${value} is in the bucket of ${le}`);
}

/** Who was measured is there by the rules of OpenTelemetry for Prometheus. */
async function assertOwners(prometheus: Prometheus): Promise<void> {
  const info = await prometheus.query("target_info");
  const owners = info.map((
    { labels },
  ) => [labels["job"], labels["instance"], labels["process_runtime_version"]]);
  assert.deepEqual(owners.sort(), [
    ["shop/back", "h:12", "go1.26.8"],
    ["shop/front", "h:11", "go1.26.8"],
    ["shop/tsunagi", "h:1", "go1.26.8"],
  ]);
  const jobs = await prometheus.query(`count by (job, instance) ({__name__=~".+_request_.+"})`);
  assert.deepEqual(
    jobs.map(({ labels }) => `${labels["job"]} ${labels["instance"]}`).sort(),
    ["shop/back h:12", "shop/front h:11", "shop/tsunagi h:1"],
  );
}

for (const temporality of ["cumulative", "delta"] as const) {
  Deno.test(`Prometheus holds every ${temporality} figure that went through the Collector`, async () => {
    const measured = new Measured();
    await using collector = await Collector.start();
    await using prometheus = await Prometheus.start({
      targets: [{ job: "collector", address: collector.places.prometheus }],
    });
    const exporter = await exportWhileMeasuring(`${collector.url}/v1/metrics`, measured, temporality);
    assert.equal(exporter.stats().lastError, null);
    await prometheus.scraped();
    // The Collector forgets exemplars when it adds deltas up.
    const withExemplars = temporality === "cumulative";
    await eventually(() => assertHolds(prometheus, measured, { withExemplars }), { everyMs: 500 });
  });
}

async function exportWhileMeasuring(url: string, measured: Measured, temporality: Temporality) {
  const exporter = new MetricExporter({
    source: measured.metrics.source,
    log: createLogger({ write: () => {} }),
  });
  exporter.configure({
    ...{ url, protocol: "http/protobuf", headers: {}, timeoutMs: 60_000, compression: "gzip", temporality },
    tls: { caFile: null, certFile: null, keyFile: null },
    intervalMs: 100,
  });
  for (let round = 1; round <= 3; round++) {
    measured.add(round);
    const { exports } = exporter.stats();
    await eventually(() => assert.ok(exporter.stats().exports > exports));
  }
  await exporter.shutdown(60_000);
  return exporter;
}

Deno.test("Prometheus holds every figure of a page in OpenMetrics, and is never refused while it grows", async () => {
  const measured = new Measured();
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    asked.push(request.headers.get("accept") ?? "");
    return new Response(await measured.metrics.render("openmetrics"), {
      headers: { "content-type": "application/openmetrics-text; version=1.0.0; charset=utf-8" },
    });
  });
  await using prometheus = await Prometheus.start({
    targets: [{ job: "agent", address: `127.0.0.1:${server.addr.port}` }],
  });
  measured.add(1);
  await prometheus.scraped();
  assert.match(asked[0]!, /application\/openmetrics-text/);
  for (let round = 2; round <= 4; round++) {
    measured.add(round);
    const before = asked.length;
    await eventually(() => assert.ok(asked.length > before));
  }
  await eventually(() => assertHolds(prometheus, measured), { everyMs: 500 });
  assert.deepEqual(await prometheus.badScrapes(), []);
});
