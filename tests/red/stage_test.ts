/** What the RED stage does with single spans. */
import assert from "node:assert/strict";
import { client, rulesWith, server, StageFixture } from "./rows.ts";

Deno.test("stage: a server span gets a route, and is measured", () => {
  const fixture = new StageFixture();
  fixture.stage.setProcess({ pid: 1, resource: 7, routes: 0, traces: true, metrics: true });
  const [span] = fixture.run(server("/orders/12345", { durationNs: 30_000_000n }));
  assert.equal(span!.name, "GET /orders/*");
  assert.equal(span!.attributes["http.route"], "/orders/*");
  const { series, routes, counters } = fixture.snapshot();
  assert.equal(series.length, 1);
  const [one] = series;
  assert.deepEqual(one!.attributes, {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "http.route": "/orders/*",
    "url.scheme": "http",
  });
  assert.equal(one!.resource, 7);
  assert.deepEqual(one!.histogram.buckets, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(one!.histogram.sum, 0.03);
  assert.equal(one!.histogram.exemplars[3]!.spanId, span!.spanId);
  assert.equal(one!.histogram.exemplars[3]!.traceId, span!.traceId);
  assert.equal(routes[0]!.route, "/orders/*");
  assert.equal(routes[0]!.count, 1);
  assert.equal(counters.spans, 1);
});
