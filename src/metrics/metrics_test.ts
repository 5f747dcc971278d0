import assert from "node:assert/strict";
import { decodeMetrics } from "../../tests/support/otlp_metrics_proto.ts";
import { MEASURE, setUp, snapshotOf, SPAN, TRACE } from "./testing.ts";
import type { Metrics } from "./metrics.ts";

async function countOf(metrics: Metrics): Promise<number> {
  const text = await metrics.render("prometheus");
  return Number(/^http_server_request_duration_seconds_count\{.*\} (\d+)$/m.exec(text)?.[1] ?? NaN);
}

Deno.test("Metrics.render() escapes label values and writes exemplars in OpenMetrics only", async () => {
  const { metrics } = setUp(snapshotOf(3, 1));
  const text = await metrics.render("prometheus");
  assert.ok(text.includes('job="shop/front",instance="h:11",service_name="front",service_namespace="shop"'));
  assert.ok(text.includes('http_route="/a\\"\\\\\\n"'));
  assert.ok(!text.includes(TRACE));
  const open = await metrics.render("openmetrics");
  assert.ok(open.includes(`le="0.1"} 3 # {trace_id="${TRACE}",span_id="${SPAN}"} 0.05 1500000000.000`));
  assert.ok(open.endsWith("# EOF\n"));
});

Deno.test({
  name: "Metrics.render() is clean for promtool",
  ignore: !Deno.env.get("PATH")?.split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/promtool`).isFile;
    } catch {
      return false;
    }
  }),
  async fn() {
    const { metrics } = setUp(snapshotOf(3, 1));
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stderr: "piped",
      stdout: "piped",
    })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(await metrics.render("prometheus")));
    await writer.close();
    const { code, stderr, stdout } = await child.output();
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    assert.deepEqual({ code, said }, { code: 0, said: "" });
  },
});

Deno.test("Metrics keeps the counts of a stage that ended, until the process is past its ttl", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  metrics.stageEnded(snapshotOf(3, 1));
  state.snapshot = null;
  assert.equal(await countOf(metrics), 4);
  state.snapshot = snapshotOf(1, 1);
  assert.equal(await countOf(metrics), 6);
  metrics.processEnded(1);
  state.snapshot = null;
  state.nowMs += MEASURE.ttlMs;
  assert.ok(Number.isNaN(await countOf(metrics)));
  assert.deepEqual(state.forgotten, [1]);
});

Deno.test("Metrics keeps a process that has ended and began again within its ttl", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  metrics.stageEnded(snapshotOf(3, 1));
  state.snapshot = null;
  metrics.processEnded(1);
  metrics.processBegan(1);
  state.nowMs += MEASURE.ttlMs;
  assert.equal(await countOf(metrics), 4);
  assert.deepEqual(state.forgotten, []);
});

interface Request {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly histogram: {
          readonly aggregationTemporality: number;
          readonly dataPoints: readonly Readonly<Record<string, unknown>>[];
        };
      }[];
    }[];
  }[];
}

/** Count, bucket counts and start of the server histogram in an encoded request. */
function serverPoint(request: unknown) {
  const { resourceMetrics } = request as Request;
  const points = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics[0]!.metrics)
    .find(({ name }) => name === "http.server.request.duration")!.histogram;
  const { count, bucketCounts, startTimeUnixNano } = points.dataPoints[0]!;
  return { temporality: points.aggregationTemporality, count, bucketCounts, startTimeUnixNano };
}

Deno.test("Metrics.source says the same in protobuf, read by protobufjs, and in JSON", async () => {
  const { metrics } = setUp(snapshotOf(3, 1));
  const collection = (await metrics.source.collect("cumulative"))!;
  const want = { temporality: 2, count: "4", bucketCounts: ["3", "1", "0"], startTimeUnixNano: "1000" };
  assert.deepEqual(serverPoint(decodeMetrics(collection.encode("http/protobuf"))), want);
  assert.deepEqual(serverPoint(JSON.parse(new TextDecoder().decode(collection.encode("http/json")))), want);
});

Deno.test("Metrics.source with delta sends again what was not delivered, and nothing twice", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  (await metrics.source.collect("delta"))!.settle("failed");
  const second = (await metrics.source.collect("delta"))!;
  assert.equal(serverPoint(decodeMetrics(second.encode("http/protobuf"))).count, "4");
  second.settle("delivered");
  assert.equal(await metrics.source.collect("delta"), null);
  state.snapshot = snapshotOf(5, 1);
  const third = serverPoint(decodeMetrics((await metrics.source.collect("delta"))!.encode("http/protobuf")));
  assert.deepEqual(third.bucketCounts, ["2", "0", "0"]);
  assert.equal(third.startTimeUnixNano, "1600000000000000000");
});

Deno.test("Metrics.services() and graph() show the window only, and totals since the beginning", async () => {
  const { metrics, state } = setUp(snapshotOf(90, 10));
  await metrics.sample();
  state.nowMs += 120_000;
  state.snapshot = snapshotOf(150, 10);
  await metrics.sample();
  const service = metrics.services(60).services[0]!;
  assert.deepEqual([service.name, service.requests, service.errors, service.rate, service.errorRate], [
    "front",
    160,
    10,
    1,
    0,
  ]);
  assert.ok(Math.abs(service.p50Ms! - 50) < 5, `p50 is ${service.p50Ms}`);
  const [edge] = metrics.graph(60).edges;
  assert.deepEqual([edge!.from, edge!.to, edge!.requests, edge!.rate], ["shop/front", "shop/back", 160, 1]);
  // The map and the service name one latency, whatever buckets the exported histograms have.
  assert.deepEqual([edge!.p50Ms, edge!.p99Ms], [service.p50Ms, service.p99Ms]);
});
