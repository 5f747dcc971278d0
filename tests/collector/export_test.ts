/**
 * Both exporters against the real OpenTelemetry Collector, which reads what they send by its own code: in both
 * encodings and by gRPC, compressed or not, with TLS and client certificates or without.
 */
import assert from "node:assert/strict";
import type {
  Compression,
  OtlpConfig,
  Protocol,
  Temporality,
  TracesConfig,
} from "../../src/config/config.ts";
import { MetricExporter } from "../../src/export/metric_exporter.ts";
import { TraceExport } from "../../src/export/trace_export.ts";
import { createLogger } from "../../src/support/log.ts";
import { createResource } from "../../src/trace/resource.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { TestAuthority } from "../support/otlp_certificates.ts";
import { Collector, type ExportedPoint } from "../support/otlp_collector.ts";
import { Measured } from "../support/otlp_measured.ts";
import { batchBytes, encodeSpan } from "../support/otlp_proto.ts";
import type { ReceivedSpan } from "../support/span.ts";

const NO_TLS = { caFile: null, certFile: null, keyFile: null };
const log = createLogger({ write: () => {} });

function otlpConfig(url: string, protocol: Protocol, compression: Compression): OtlpConfig {
  return { url, protocol, compression, headers: {}, timeoutMs: 60_000, tls: NO_TLS };
}

const FORMS = [
  ["http/protobuf", "none"],
  ["http/protobuf", "gzip"],
  ["http/json", "none"],
  ["http/json", "gzip"],
  ["grpc", "none"],
  ["grpc", "gzip"],
] as const;

/** Spans of two processes with all that a span can hold, by index. */
function spansOf(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    name: `GET /orders/${at}`,
    traceId: (at + 1).toString(16).padStart(32, "c"),
    spanId: (at + 1).toString(16).padStart(16, "d"),
    parentSpanId: (at + 1).toString(16).padStart(16, "e"),
    kind: 2 + at % 2,
    startMs: 1_700_000_000_000 + at,
    durationMs: 1 + at,
    statusCode: at % 3 === 0 ? 2 : 0,
    attributes: { "http.route": `/orders/{"id"}\u00e9\n${at}`, "http.response.status_code": 200 + at },
    more: { traceState: "a=b,c=d", flags: 0x101 },
  }));
}

function assertSpan(received: ReceivedSpan, at: number): void {
  const [wanted] = spansOf(at + 1).slice(at);
  assert.deepEqual(received, {
    traceId: wanted!.traceId,
    spanId: wanted!.spanId,
    parentId: wanted!.parentSpanId,
    traceState: "a=b,c=d",
    name: wanted!.name,
    kind: at % 2 === 0 ? "SERVER" : "CLIENT",
    flags: 0x101,
    startNs: BigInt(wanted!.startMs) * 1_000_000n,
    endNs: BigInt(wanted!.startMs + wanted!.durationMs) * 1_000_000n,
    statusCode: wanted!.statusCode,
    statusMessage: "",
    attributes: wanted!.attributes,
    resource: received.resource,
  });
  assert.equal(received.resource["service.name"], at < 10 ? "front" : "back");
}

const resource = (pid: number, name: string) =>
  createResource({ pid, exe: `/bin/${name}`, goVersion: "go1.26.8", environment: {}, hostName: "h" });

async function exportSpans(config: TracesConfig, count: number): Promise<TraceExport> {
  const out = new TraceExport({ log });
  out.configure(config);
  const encoded = spansOf(count).map(encodeSpan);
  const [front, back] = [resource(1, "front"), resource(2, "back")];
  encoded.forEach((span, at) => {
    out.push(at < 10 ? front : back, { pid: 1, count: 1, bytes: batchBytes([span]) });
  });
  await out.shutdown(60_000);
  return out;
}

for (const [protocol, compression] of FORMS) {
  Deno.test(`the Collector reads every span as it was, from ${protocol} with compression ${compression}`, async () => {
    await using collector = await Collector.start();
    const config = otlpConfig(collector.urlFor("traces", protocol), protocol, compression);
    const out = await exportSpans({ ...config, maxQueue: 100, maxBatch: 7, delayMs: 0 }, 23);
    const { exported, lost, lastError } = out.stats();
    assert.deepEqual({ exported, lost, lastError }, { exported: 23, lost: {}, lastError: null });
    const spans = await eventually(() => {
      const spans = collector.spans();
      assert.equal(spans.length, 23);
      return spans;
    });
    spans.toSorted((a, b) => Number(a.startNs - b.startNs)).forEach(assertSpan);
  });
}

const keyOf = (metric: string, instance: string, attributes: Readonly<Record<string, unknown>>) =>
  JSON.stringify([metric, instance, Object.entries(attributes).sort()]);

/** The last of cumulative points; the sum of delta points, of which each begins where the one before ended. */
function totalOf(points: readonly ExportedPoint[], temporality: Temporality) {
  if (temporality === "cumulative") return figures(points.at(-1)!);
  points.slice(1).forEach((point, at) => assert.equal(point.startTimeUnixNano, points[at]!.timeUnixNano));
  return points.map(figures).reduce((left, right) => ({
    count: left.count + right.count,
    sum: left.sum + right.sum,
    buckets: left.buckets.map((count, at) => count + right.buckets[at]!),
  }));
}

const figures = ({ asInt, count, sum, bucketCounts }: ExportedPoint) => ({
  count: Number(count ?? asInt ?? 0),
  sum: sum ?? 0,
  buckets: (bucketCounts ?? []).map(Number),
});

/** Everything that was measured is there with its figures, its newest exemplars, and nothing else is. */
function assertMetrics(collector: Collector, measured: Measured, temporality: Temporality): void {
  const received = new Map(
    collector.series().map((series) => [
      keyOf(series.metric.name, String(series.resource["service.instance.id"]), series.attributes),
      series,
    ]),
  );
  const graph = measured.expectedGraph();
  const take = (key: string) => {
    const entry = received.get(key);
    assert.ok(entry, `no ${key}`);
    received.delete(key);
    return entry;
  };
  for (
    const { metric, instance, attributes, count, sum, buckets, exemplars } of [
      ...measured.expected(),
      ...graph.histograms,
    ]
  ) {
    const { metric: { histogram }, points } = take(keyOf(metric, instance, attributes));
    assert.equal(histogram!.aggregationTemporality, temporality === "cumulative" ? 2 : 1);
    assert.deepEqual(totalOf(points, temporality), { count, sum, buckets }, metric);
    const seen = points.flatMap(({ exemplars = [] }) => exemplars);
    for (const { traceId, spanId, value } of exemplars) {
      assert.ok(
        seen.some((one) => one.traceId === traceId && one.spanId === spanId && one.asDouble === value),
        `${metric} has no exemplar ${traceId}`,
      );
    }
  }
  for (const { metric, attributes, value } of graph.counters) {
    const { points } = take(keyOf(metric, "h:1", attributes));
    assert.equal(totalOf(points, temporality).count, value, metric);
  }
  assert.deepEqual([...received.keys()], []);
}

async function exportMetrics(
  config: OtlpConfig,
  { measured, temporality }: { measured: Measured; temporality: Temporality },
): Promise<MetricExporter> {
  const exporter = new MetricExporter({ source: measured.metrics.source, log });
  exporter.configure({ ...config, temporality, intervalMs: 100 });
  for (let round = 1; round <= 3; round++) {
    measured.add(round);
    const { exports } = exporter.stats();
    await eventually(() => assert.ok(exporter.stats().exports > exports, exporter.stats().lastError ?? ""));
  }
  measured.add(4);
  await exporter.shutdown(60_000);
  return exporter;
}

for (const temporality of ["cumulative", "delta"] as const) {
  for (const [protocol, compression] of FORMS) {
    Deno.test(
      `the Collector holds every ${temporality} figure, from ${protocol} with compression ${compression}`,
      async () => {
        await using collector = await Collector.start();
        const measured = new Measured();
        const config = otlpConfig(collector.urlFor("metrics", protocol), protocol, compression);
        const { failed, rejected, lastError } = (await exportMetrics(config, { measured, temporality }))
          .stats();
        assert.deepEqual({ failed, rejected, lastError }, { failed: {}, rejected: 0, lastError: null });
        await eventually(() => assertMetrics(collector, measured, temporality));
      },
    );
  }
}

Deno.test("with TLS and client certificates both signals arrive, without the right one nothing does", async () => {
  using authority = new TestAuthority();
  using stranger = new TestAuthority();
  await using collector = await Collector.start({
    tls: {
      certFile: authority.server.certFile,
      keyFile: authority.server.keyFile,
      clientCaFile: authority.ca.certFile,
    },
  });
  const tls = {
    caFile: authority.ca.certFile,
    certFile: authority.client.certFile,
    keyFile: authority.client.keyFile,
  };
  const traces = { maxQueue: 100, maxBatch: 100, delayMs: 0 };
  const config = (
    signal: "traces" | "metrics",
    protocol: Protocol,
    more: Partial<OtlpConfig["tls"]> = {},
  ) => ({
    ...otlpConfig(collector.urlFor(signal, protocol), protocol, "gzip"),
    tls: { ...tls, ...more },
  });

  const { certFile, keyFile } = stranger.client;
  const wrong: [Partial<OtlpConfig["tls"]>, RegExp][] = [
    [{ certFile, keyFile }, /^Cannot export to https:\/\/127.0.0.1:\d+: .*refuse the client's certificate/],
    [{ certFile: null, keyFile: null }, /miss or refuse the client's certificate/],
    [{ caFile: stranger.ca.certFile }, /give the PEM file of its CA/],
    [{ caFile: null }, /give the PEM file of its CA/],
  ];
  for (const protocol of ["http/protobuf", "grpc"] as const) {
    for (const [more, error] of wrong) {
      const out = new TraceExport({ log, retry: { initialMs: 1, maxMs: 1, maxElapsedMs: 20 } });
      out.configure({ ...config("traces", protocol, more), ...traces });
      out.push(resource(1, "front"), { pid: 1, count: 1, bytes: batchBytes([encodeSpan()]) });
      await eventually(() => assert.equal(out.stats().queued, 0));
      await out.shutdown(0);
      assert.deepEqual(out.stats().lost, { retries_exhausted: 1 });
      assert.match(out.stats().lastError!, error);
      assert.equal(out.stats().reason!.code, "collector-tls");
    }
  }

  const protocols = ["http/protobuf", "http/json", "grpc"] as const;
  for (const protocol of protocols) {
    const out = await exportSpans({ ...config("traces", protocol), ...traces }, 23);
    assert.deepEqual([out.stats().exported, out.stats().lastError], [23, null]);
  }
  const measured = new Measured();
  await exportMetrics(config("metrics", "grpc"), { measured, temporality: "cumulative" });
  await eventually(() => {
    assert.equal(collector.spans().length, 23 * protocols.length);
    assertMetrics(collector, measured, "cumulative");
  });
});

for (const protocol of ["http/protobuf", "grpc"] as const) {
  Deno.test(`a Collector that is stopped and started again has every span and figure in the end, by ${protocol}`, async () => {
    const measured = new Measured();
    const out = new TraceExport({ log });
    await using _out = out;
    const exporter = new MetricExporter({ source: measured.metrics.source, log });
    await using _exporter = exporter;
    const front = resource(1, "front");
    let pushed = 0;
    const push = (count: number) => {
      const spans = Array.from({ length: count }, () => encodeSpan({ name: `span ${pushed++}` }));
      out.push(front, { pid: 1, count, bytes: batchBytes(spans) });
    };
    const received: string[] = [];
    let ports: { otlpPort: number; otlpGrpcPort: number };
    {
      await using first = await Collector.start();
      ports = {
        otlpPort: Number(new URL(first.url).port),
        otlpGrpcPort: Number(new URL(first.grpcUrl).port),
      };
      const traces = otlpConfig(first.urlFor("traces", protocol), protocol, "gzip");
      out.configure({ ...traces, maxQueue: 10_000, maxBatch: 101, delayMs: 10 });
      const metrics = otlpConfig(first.urlFor("metrics", protocol), protocol, "gzip");
      exporter.configure({ ...metrics, intervalMs: 250, temporality: "delta" });
      push(503);
      await eventually(() => assert.equal(first.spans().length, 503));
      received.push(...first.spans().map(({ name }) => name));
    }
    // Nothing was measured while the first one ran, so the second has to get all of it.
    measured.add(1);
    for (let i = 0; i < 20; i++) {
      push(53);
      await sleep(50);
    }
    await eventually(() => assert.ok((exporter.stats().failed["retries_exhausted"] ?? 0) > 0));
    assert.equal(out.stats().queued, 20 * 53);
    await using second = await Collector.start(ports);
    const stats = await eventually(() => {
      const stats = out.stats();
      assert.equal(stats.queued, 0, stats.lastError ?? "");
      return stats;
    });
    assert.deepEqual([stats.exported, stats.lost], [pushed, {}]);
    await exporter.shutdown(60_000);
    await eventually(() => {
      const all = [...received, ...second.spans().map(({ name }) => name)];
      assert.equal(all.length, pushed);
      assert.equal(new Set(all).size, pushed);
      assertMetrics(second, measured, "delta");
    });
  });
}
