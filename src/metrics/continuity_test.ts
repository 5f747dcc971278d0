import assert from "node:assert/strict";
import { decodeMetrics } from "../../tests/support/otlp_metrics_proto.ts";
import type { RedSnapshot } from "../red/types.ts";
import type { Metrics } from "./metrics.ts";
import { MEASURE, resourceOf, setUp, snapshotOf } from "./testing.ts";

/** What the graph says of requests from front to back: by Prometheus, and by the map. */
async function graphOf(metrics: Metrics) {
  const text = await metrics.render("prometheus");
  const counted = [...text.matchAll(/^traces_service_graph_request_total\{.*\} (\d+)$/gm)];
  await metrics.sample();
  const { edges, nodes } = metrics.graph(60);
  return {
    counted: counted.map(([, count]) => Number(count)),
    map: edges.map(({ from, to, requests }) => [from, to, requests]),
    nodes: nodes.length,
  };
}

/** The edge of the snapshot between two other processes. */
function between(client: number, server: number, snapshot: RedSnapshot): RedSnapshot {
  return { ...snapshot, edges: snapshot.edges.map((edge) => ({ ...edge, client, server })) };
}

Deno.test("Metrics: the service graph does not go back when one of two processes of a service ends", async () => {
  const one = between(1, 2, snapshotOf(3, 1));
  const { metrics, state } = setUp({
    ...one,
    edges: [...one.edges, ...between(3, 2, snapshotOf(5, 0)).edges],
  });
  state.resources.set(3, resourceOf(13, "front"));
  const whole = { counted: [9], map: [["shop/front", "shop/back", 9]], nodes: 2 };
  assert.deepEqual(await graphOf(metrics), whole);
  const first = (await metrics.source.collect("delta"))!;
  first.settle("delivered");
  metrics.processEnded(1);
  state.nowMs += MEASURE.ttlMs;
  const left = between(3, 2, { ...snapshotOf(5, 0), series: [], routes: [] });
  const rendered = metrics.render("prometheus");
  state.snapshot = left;
  await rendered;
  assert.deepEqual(state.forgotten, [1]);
  assert.deepEqual(await graphOf(metrics), whole);
  assert.equal(await metrics.source.collect("delta"), null);
  metrics.processEnded(3);
  state.nowMs += MEASURE.ttlMs;
  state.snapshot = null;
  assert.deepEqual(await graphOf(metrics), { counted: [], map: [], nodes: 0 });
});

Deno.test("Metrics.services(): a service keeps its count, and no rate, when one of two processes is forgotten", async () => {
  const one = { ...snapshotOf(3, 1), edges: [] };
  const other = one.routes.map((route) => ({ ...route, resource: 3, route: "/other" }));
  const { metrics, state } = setUp({ ...one, routes: [...one.routes, ...other] });
  state.resources.set(3, resourceOf(13, "front"));
  await metrics.sample();
  const shown = () =>
    metrics.services(60).services.map(({ instances, requests, errors }) => [instances, requests, errors]);
  assert.deepEqual(shown(), [[2, 8, 2]]);
  metrics.processEnded(1);
  assert.deepEqual(shown(), [[1, 8, 2]]);
  state.nowMs += MEASURE.ttlMs;
  await metrics.render("prometheus");
  state.snapshot = { ...one, series: [], routes: other };
  await metrics.sample();
  assert.deepEqual(shown(), [[1, 8, 2]]);
  assert.equal(metrics.services(60).services[0]!.rate, 0);
  metrics.processEnded(3);
  state.nowMs += MEASURE.ttlMs;
  assert.deepEqual(shown(), []);
});

Deno.test("Metrics: what is idle leaves the page too when it is past its ttl, and is no other's", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  await metrics.sample();
  assert.equal(metrics.services(60).services[0]!.instances, 1);
  metrics.processEnded(1);
  assert.equal(metrics.services(60).services[0]!.instances, 0);
  state.nowMs += MEASURE.ttlMs;
  for (const forgotten of [false, true]) {
    assert.equal(state.forgotten.length > 0, forgotten);
    assert.deepEqual(metrics.services(60).services, []);
    assert.deepEqual(metrics.graph(60), { windowSeconds: 60, nodes: [], edges: [] });
    state.snapshot = null;
    await metrics.render("prometheus");
  }
});

Deno.test("Metrics: with delta a series goes on under another object for the same process", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  (await metrics.source.collect("delta"))!.settle("delivered");
  for (const number of [1, 2]) {
    const { serviceName, attributes, encoded } = state.resources.get(number)!;
    state.resources.set(number, { serviceName, attributes: [...attributes], encoded });
  }
  assert.equal(await metrics.source.collect("delta"), null);
});

Deno.test("Metrics: with delta a series that begins anew is sent whole, also when its count has not gone back", async () => {
  const { metrics, state } = setUp({ ...snapshotOf(3, 1), edges: [] });
  (await metrics.source.collect("delta"))!.settle("delivered");
  const { series, ...rest } = snapshotOf(4, 4);
  const startUnixNs = 2_000n;
  state.snapshot = { ...rest, edges: [], series: series.map((one) => ({ ...one, startUnixNs })) };
  const bytes = (await metrics.source.collect("delta"))!.encode("http/protobuf");
  const text = JSON.stringify(decodeMetrics(bytes));
  assert.match(text, /"startTimeUnixNano":"2000"/);
  assert.match(text, /"count":"8"/);
});

Deno.test("Metrics: other buckets or attributes end what ended stages measured of these series", async () => {
  const { metrics, state } = setUp(null);
  metrics.stageEnded(snapshotOf(3, 1));
  const count =
    async () => [...(await metrics.render("prometheus")).matchAll(/duration_seconds_count.* (\d+)$/gm)];
  assert.equal((await count()).length, 1);
  state.measure = { ...MEASURE, sizeBucketsBytes: [64] };
  assert.equal((await count()).length, 1);
  state.measure = { ...state.measure, durationBucketsS: [0.2, 2] };
  assert.deepEqual(await count(), []);
  assert.deepEqual((await graphOf(metrics)).map, []);
});

Deno.test("Metrics.graph(): the longest window begins five minutes ago, after a pause too", async () => {
  const { metrics, state } = setUp(snapshotOf(90, 10));
  await metrics.sample();
  state.nowMs += 400_000;
  state.snapshot = snapshotOf(120, 10);
  await metrics.sample();
  assert.equal(metrics.graph(300).edges[0]!.rate, 30 / 300);
});

Deno.test("Metrics: a snapshot that a stage gave before its end is not counted twice", async () => {
  const { metrics, state } = setUp(snapshotOf(3, 1));
  const rendered = metrics.render("prometheus");
  metrics.stageEnded(snapshotOf(3, 1));
  state.snapshot = null;
  assert.match(await rendered, /http_server_request_duration_seconds_count\{.*\} 4\n/);
});

Deno.test("Metrics.render() tells series and overflows of each metric, and names callers outside", async () => {
  const overflowed = { "http.server.request.duration": 7 };
  const { metrics } = setUp({ ...between(0, 2, snapshotOf(3, 1)), overflowed });
  const text = await metrics.render("prometheus");
  assert.match(text, /^tsunagi_metric_series\{metric="http.server.request.duration"\} 1$/m);
  assert.match(text, /^tsunagi_metric_overflows_total\{metric="http.server.request.duration"\} 7$/m);
  assert.match(text, /^tsunagi_metric_overflows_total\{metric="routes"\} 0$/m);
  assert.match(text, /^traces_service_graph_request_total\{.*client="user",.*server="back",.*\} 4$/m);
});
