/** Rules that change while spans come: what goes on, what begins anew, and that nothing is lost. */
import assert from "node:assert/strict";
import type { RedSnapshot } from "../../src/red/types.ts";
import { client, rulesWith, server, StageFixture } from "./rows.ts";

const shapeOf = ({ series, edges, routes }: RedSnapshot) => ({
  series: series.map(({ metric, histogram }) => [metric, histogram.count, histogram.buckets.length].join(" "))
    .sort(),
  edges: edges.map(({ requests, serverDuration }) => [requests, serverDuration.buckets.length].join(" ")),
  routes: routes.map(({ count }) => count),
});

function fixtureWithOneSpan(): StageFixture {
  const fixture = new StageFixture();
  fixture.run(server("/a", { attributes: { "http.response.body.size": 7 } }));
  return fixture;
}

Deno.test("setRules: other routes and filters keep every count", () => {
  const fixture = fixtureWithOneSpan();
  const before = shapeOf(fixture.snapshot());
  fixture.stage.setRules(rulesWith({
    measure: { maxSeries: 10 },
    routes: { patterns: ["/b"], unmatched: "unset" },
    filters: [{ attribute: "url.path", match: "/b", notMatch: null }],
  }));
  assert.deepEqual(shapeOf(fixture.snapshot()), before);
});

Deno.test("setRules: other buckets begin new series of those metrics only", () => {
  const fixture = fixtureWithOneSpan();
  fixture.nowMs += 1000;
  fixture.stage.setRules(rulesWith({ measure: { sizeBucketsBytes: [1] } }));
  fixture.run(server("/a", { attributes: { "http.response.body.size": 7 } }));
  const { series } = fixture.snapshot();
  assert.deepEqual(shapeOf(fixture.snapshot()), {
    series: ["http.server.request.duration 2 15", "http.server.response.body.size 1 2"],
    edges: ["2 15"],
    routes: [2],
  });
  const starts = new Map(series.map(({ metric, startUnixNs }) => [metric, startUnixNs % 1_000_000_000_000n]));
  assert.equal(starts.get("http.server.request.duration"), 0n);
  assert.equal(starts.get("http.server.response.body.size"), 1_000_000_000n);
  fixture.stage.setRules(rulesWith({ measure: { sizeBucketsBytes: [1], durationBucketsS: [1] } }));
  assert.deepEqual(shapeOf(fixture.snapshot()), {
    series: ["http.server.response.body.size 1 2"],
    edges: [],
    routes: [2],
  });
});

Deno.test("setRules: other attributes begin new series, and budgets are free again", () => {
  const fixture = new StageFixture(rulesWith({ measure: { maxSeries: 2 } }));
  for (const path of ["/a", "/b", "/c"]) fixture.run(server(path));
  fixture.stage.setRules(rulesWith({
    measure: { maxSeries: 2, attributes: [{ metric: "*", include: ["url.path"], exclude: [] }] },
  }));
  assert.deepEqual(fixture.snapshot().series, []);
  for (const path of ["/a", "/b", "/c"]) fixture.run(server(path));
  assert.deepEqual(
    fixture.snapshot().series.map(({ attributes, overflow }) =>
      [attributes["url.path"] ?? "", overflow].join()
    ).sort(),
    [",true", "/a,false", "/b,false"],
  );
});

Deno.test("setRules: a greater budget finds room, and what was there stays where it was", () => {
  const fixture = new StageFixture(rulesWith({ measure: { maxSeries: 1 } }));
  const spans = Array.from(
    { length: 3000 },
    (_, index) => server("/", { attributes: { "http.route": `/r${index}` } }),
  );
  fixture.run(...spans);
  assert.deepEqual(fixture.snapshot().series.map(({ histogram }) => histogram.count), [1, 2999]);
  fixture.stage.setRules(rulesWith({ measure: { maxSeries: 20_000 } }));
  fixture.run(...spans);
  const { series } = fixture.snapshot();
  assert.equal(series.length, 3001);
  assert.deepEqual(series.slice(0, 3).map(({ histogram }) => histogram.count), [2, 2999, 1]);
  fixture.stage.setRules(rulesWith({ measure: { maxSeries: 1 } }));
  fixture.run(...spans, server("/", { attributes: { "http.route": "/new" } }));
  assert.deepEqual(fixture.snapshot().series.slice(0, 3).map(({ histogram }) => histogram.count), [
    3,
    3000,
    2,
  ]);
});

Deno.test("setRules: a feature that is wanted no more leaves nothing behind", () => {
  const fixture = fixtureWithOneSpan();
  fixture.stage.setRules(rulesWith({ measure: { features: ["application"] } }));
  assert.deepEqual([fixture.snapshot().series.length, fixture.snapshot().edges.length], [2, 0]);
  fixture.stage.setRules(rulesWith({ measure: { features: [] } }));
  assert.deepEqual([fixture.snapshot().series.length, fixture.snapshot().routes.length], [0, 1]);
});

Deno.test("setRules: what cannot be used leaves the old rules in force", () => {
  const fixture = new StageFixture(rulesWith({ routes: { patterns: ["/{old}"] } }));
  const wrong = rulesWith({ measure: { durationBucketsS: [2, 1] }, routes: { patterns: ["/{new}"] } });
  assert.throws(() => fixture.stage.setRules(wrong), RangeError);
  assert.equal(fixture.run(server("/a"))[0]!.name, "GET /{old}");
});

Deno.test("setRules: sides of calls that wait find each other over a change", () => {
  const fixture = new StageFixture();
  const ids = { traceId: "0af7651916cd43dd8448eb211c80319c" };
  fixture.stage.setProcess({ pid: 1, resource: 1, routes: 0, traces: true, metrics: true });
  fixture.run(server("/", { ...ids, pid: 1, parentSpanId: "00000000000000c1" }));
  fixture.stage.setRules(rulesWith({ measure: { durationBucketsS: [1] } }));
  fixture.run(client("http://b/", { ...ids, spanId: "00000000000000c1" }));
  assert.deepEqual(
    fixture.snapshot().edges.map(({ client, server, requests }) => [client, server, requests]),
    [[1, 1, 1]],
  );
});
