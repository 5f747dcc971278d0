/** Random spans through the stage, every number compared with an oracle of other code. */
import assert from "node:assert/strict";
import type { RedSnapshot } from "../../src/red/types.ts";
import { KIND_CLIENT, KIND_SERVER, readBatches } from "../decoder/spans.ts";
import { Random } from "../fuzz/random.ts";
import { edgeKey, histogramOf, Oracle, routeKey, seriesKey, type WholeSpan } from "./oracle.ts";
import { rowOf, rulesWith, StageFixture } from "./rows.ts";

const RESOURCES = new Map([[10, 1], [11, 2], [12, 4_000_000_000], [13, 3]]);
const PIDS = [...RESOURCES.keys(), 99];
const METHODS = ["GET", "POST", "_OTHER"];
const STATUSES = [200, 204, 404, 500];
const START_NS = 1_700_000_000_000_000_000n;
/** Bounds of buckets, and values beside them. */
const DURATIONS = [
  1_000n,
  1_001n,
  2_000n,
  2_001n,
  4_096_000n,
  4_096_001n,
  0n,
  1n,
  5_000_000n,
  5_000_001n,
  10_000_000n,
  1_000_000_000n,
  10_000_000_001n,
  3_600_000_000_000n,
];

/** `calls` are those that no request has come of yet. */
function randomSpan(random: Random, number: number, calls: WholeSpan[]): WholeSpan {
  const kind = random.once(2) ? KIND_SERVER : KIND_CLIENT;
  const status = random.pick(STATUSES);
  const call = kind === KIND_SERVER && calls.length > 0 && !random.once(3)
    ? calls.splice(random.below(calls.length), 1)[0]
    : undefined;
  const size = (name: string) =>
    random.once(3) ? {} : { [name]: random.pick([0, 1, 32, 33, 8192, 8193, 1 + random.below(1e9), 2 ** 40]) };
  const common = {
    "http.request.method": random.pick(METHODS),
    "http.response.status_code": status,
    ...size("http.request.body.size"),
    ...size("http.response.body.size"),
    ...(status === 500 ? { "error.type": "500" } : {}),
  };
  const host = `host-${random.below(3)}.internal`;
  return {
    pid: random.pick(PIDS),
    traceId: call?.traceId ?? (0x1000_0000 + number).toString(16).padStart(32, "0"),
    spanId: (0x2000_0000 + number).toString(16).padStart(16, "0"),
    parentSpanId: call?.spanId ??
      (random.once(2) ? "" : (0x3000_0000 + number).toString(16).padStart(16, "0")),
    name: common["http.request.method"] === "_OTHER" ? "HTTP" : common["http.request.method"],
    kind,
    startNs: START_NS + BigInt(random.below(1e9)),
    durationNs: random.once(2) ? random.pick(DURATIONS) : BigInt(random.below(2e9)),
    attributes: kind === KIND_SERVER
      ? {
        ...common,
        "url.path": "/orders/1",
        "url.scheme": "http",
        ...(random.once(4) ? {} : { "http.route": `/orders/${random.pick(["{id}", "{id}/items", "日本"])}` }),
      }
      : { ...common, "server.address": host, "server.port": 8080, "url.full": `https://${host}:8080/stock` },
    failed: status === 500,
    flags: random.once(4) ? 0x100 : 0x101,
  };
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T> {
  const map = new Map(items.map((item) => [keyOf(item), item]));
  assert.equal(map.size, items.length, "a key is there twice");
  return map;
}

function assertAlike(snapshot: RedSnapshot, oracle: Oracle): void {
  const series = byKey(snapshot.series, seriesKey);
  assert.deepEqual([...series.keys()].sort(), [...oracle.series.keys()].sort());
  for (const [key, { gathered }] of oracle.series) {
    assert.deepEqual(withoutTies(series.get(key)!.histogram), withoutTies(histogramOf(gathered)), key);
  }
  const edges = byKey(snapshot.edges, edgeKey);
  assert.deepEqual([...edges.keys()].sort(), [...oracle.edges.keys()].sort());
  for (const [key, { requests, failed, client, server, latencies }] of oracle.edges) {
    const edge = edges.get(key)!;
    assert.deepEqual({ requests: edge.requests, failed: edge.failed }, { requests, failed }, key);
    assert.deepEqual(withoutTies(edge.clientDuration), withoutTies(histogramOf(client)), key);
    assert.deepEqual(withoutTies(edge.serverDuration), withoutTies(histogramOf(server)), key);
    assert.deepEqual(edge.latencies, latencies, key);
  }
  const routes = byKey(snapshot.routes, routeKey);
  assert.deepEqual([...routes.keys()].sort(), [...oracle.routes.keys()].sort());
  for (const [key, { count, sumS, buckets }] of oracle.routes) {
    const route = routes.get(key)!;
    assert.equal(route.count, count, key);
    assert.ok(Math.abs(route.sumS - sumS) <= 1e-9 * sumS, key);
    assert.deepEqual(route.buckets, buckets, key);
  }
}

/** Of exemplars that ended at the same time any may stand. */
function withoutTies(histogram: ReturnType<typeof histogramOf>) {
  return { ...histogram, exemplars: histogram.exemplars.map((exemplar) => exemplar?.timeUnixNs) };
}

for (const seed of [1, 2, 3, 4, 5]) {
  Deno.test(`stage: counts what an oracle counts, seed ${seed}`, () => {
    const random = new Random("red", seed);
    const rules = rulesWith({ routes: { unmatched: "unset" } });
    const fixture = new StageFixture(rules);
    const oracle = new Oracle(rules, RESOURCES);
    for (const [pid, resource] of RESOURCES) {
      fixture.stage.setProcess({ pid, resource, routes: 0, traces: true, metrics: true });
    }
    const calls: WholeSpan[] = [];
    let kept = 0;
    let out = 0;
    let spans = 0;
    for (let batch = 0; batch < 40; batch++) {
      const made: WholeSpan[] = [];
      for (let left = random.below(100); left > 0; left--) {
        const span = randomSpan(random, spans++, calls);
        if (span.kind === KIND_CLIENT) calls.push(span);
        made.push(span);
        const isKept = (span.flags! & 1) === 1;
        if (isKept) kept++;
        oracle.take(span, isKept);
      }
      // A request may end before its call does, or after.
      const shuffled = random.once(2) ? made : made.toReversed();
      const batches = fixture.runRows(...shuffled.map(rowOf));
      const read = readBatches(batches);
      out += read.length;
      assert.equal(batches.length, new Set(batches.map(({ pid }) => pid)).size);
      if (random.once(4)) fixture.snapshot();
    }
    oracle.join();
    fixture.stage.settle();
    const snapshot = fixture.snapshot();
    assert.equal(out, kept);
    assert.equal(snapshot.counters.spans, spans);
    assert.equal(snapshot.counters.sampled_out, spans - kept);
    assert.deepEqual(snapshot.overflowed, {});
    assertAlike(snapshot, oracle);
    assert.equal(fixture.snapshot(), snapshot);
  });
}
