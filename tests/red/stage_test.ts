/** What the RED stage does with single spans: routes, what is left out and how it is counted, edges. */
import assert from "node:assert/strict";
import type { RedSnapshot } from "../../src/red/types.ts";
import { client, rowOf, rulesWith, server, StageFixture, type TestSpan } from "./rows.ts";

const ALL_ON = { routes: 0, traces: true, metrics: true } as const;
const CALL = "00000000000000c1";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

const durations = ({ series }: RedSnapshot) => series.filter(({ metric }) => metric.endsWith(".duration"));
const countOf = (snapshot: RedSnapshot) =>
  durations(snapshot).reduce((sum, { histogram }) => sum + histogram.count, 0);

Deno.test("stage: a server span gets a route, and is measured", () => {
  const fixture = new StageFixture();
  fixture.stage.setProcess({ ...ALL_ON, pid: 1, resource: 7 });
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
  assert.equal(one!.startUnixNs, 1_700_000_000_000_000_000n);
  assert.deepEqual(one!.histogram.buckets, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(one!.histogram.sum, 0.03);
  assert.equal(one!.histogram.exemplars[3]!.spanId, span!.spanId);
  assert.equal(routes[0]!.route, "/orders/*");
  assert.equal(counters.spans, 1);
});

Deno.test("stage: a span with a route of its own, and a client span, come out as they went in", () => {
  const fixture = new StageFixture();
  const rows = [
    rowOf(server("/orders/1", { name: "GET /orders/{id}", attributes: { "http.route": "/orders/{id}" } })),
    rowOf(client("http://back:8080/orders/1")),
  ];
  const [batch] = fixture.runRows(...rows);
  assert.deepEqual(batch!.bytes, new Uint8Array(rows.flatMap((row) => [...row.subarray(8)])));
});

Deno.test("stage: a row stays whole whatever order its fields are in", () => {
  const row = rowOf(server("/orders/12345", { flags: 0x301, failed: true, parentSpanId: CALL }));
  const fields = splitFields(row);
  const forward = new StageFixture().runRows(row);
  const name = fields.findIndex((field) => field[0] === 0x2a);
  const reordered = [...fields.slice(0, name), ...fields.slice(name + 1), fields[name]!];
  const backward = new StageFixture().runRows(rowOfFields(reordered));
  assert.equal(backward[0]!.bytes.length, forward[0]!.bytes.length);
  assert.deepEqual(
    splitFields(new Uint8Array([...new Uint8Array(8), ...backward[0]!.bytes])).map(String).sort(),
    splitFields(new Uint8Array([...new Uint8Array(8), ...forward[0]!.bytes])).map(String).sort(),
  );
});

Deno.test("stage: a span that is not sampled is measured, then left out, and is no exemplar", () => {
  const fixture = new StageFixture();
  assert.equal(fixture.run(server("/a", { flags: 0x100 }), server("/a", { flags: 0x101 })).length, 1);
  assert.equal(fixture.run(server("/a", { flags: null })).length, 1);
  const snapshot = fixture.snapshot();
  assert.equal(countOf(snapshot), 3);
  assert.equal(snapshot.counters.sampled_out, 1);
  const lone = new StageFixture();
  assert.deepEqual(lone.runRows(rowOf(server("/a", { flags: 0 }))), []);
  assert.ok(durations(lone.snapshot())[0]!.histogram.exemplars.every((exemplar) => exemplar === null));
});

for (const [ignoreMode, out, measured] of [["all", 1, 1], ["traces", 1, 3], ["metrics", 3, 1]] as const) {
  Deno.test(`stage: ignored patterns leave spans out of ${ignoreMode}`, () => {
    const fixture = new StageFixture(
      rulesWith({ routes: { ignoredPatterns: ["/health", "/debug/*"], ignoreMode } }),
    );
    const spans = fixture.run(server("/health"), client("http://a/debug/pprof/heap?x=1"), server("/healthy"));
    const snapshot = fixture.snapshot();
    assert.equal(spans.length, out);
    assert.equal(countOf(snapshot), measured);
    assert.equal(snapshot.counters.ignored, 3 - out);
  });
}

Deno.test("stage: filters see the route that was found, numbers as text, and what is missing as nothing", () => {
  const filters = [
    { attribute: "http.route", match: null, notMatch: "/internal/*" },
    { attribute: "http.response.status_code", match: "2??", notMatch: null },
    { attribute: "app.tenant", match: "*", notMatch: "t?st*" },
  ];
  const fixture = new StageFixture(rulesWith({ filters, routes: { patterns: ["/internal/{what}"] } }));
  const spans = fixture.run(
    server("/internal/17"),
    server("/open"),
    server("/open", { attributes: { "http.response.status_code": 404 } }),
    server("/open", { attributes: { "app.tenant": "testing" } }),
    server("/open", { attributes: { "app.tenant": "täst" } }),
    server("/open", { attributes: { "app.tenant": "tast" } }),
    server("/open", { attributes: { "app.tenant": "real" } }),
  );
  assert.deepEqual(spans.map(({ attributes }) => attributes["app.tenant"]), [undefined, "real"]);
  assert.deepEqual([fixture.snapshot().counters.filtered, countOf(fixture.snapshot())], [5, 2]);
});

Deno.test("stage: what a process exports decides for its spans only", () => {
  const fixture = new StageFixture();
  fixture.stage.setProcess({ pid: 1, resource: 1, routes: 0, traces: false, metrics: true });
  fixture.stage.setProcess({ pid: 2, resource: 2, routes: 0, traces: true, metrics: false });
  const spans = fixture.run(server("/a", { pid: 1 }), server("/b", { pid: 2 }), server("/c", { pid: 3 }));
  assert.deepEqual(spans.map(({ attributes }) => attributes["url.path"]), ["/b", "/c"]);
  const snapshot = fixture.snapshot();
  assert.deepEqual(durations(snapshot).map(({ resource }) => resource), [1, 0]);
  assert.deepEqual(snapshot.counters.not_exported, 1);
});

Deno.test("stage: a process that a filter leaves out is neither traced nor measured, and counts as filtered", () => {
  const fixture = new StageFixture();
  fixture.stage.setProcess({ ...ALL_ON, pid: 1, resource: 1, filtered: true });
  fixture.stage.setProcess({ ...ALL_ON, pid: 2, resource: 2, filtered: false });
  const spans = fixture.run(server("/a", { pid: 1 }), server("/b", { pid: 2 }), server("/c", { pid: 3 }));
  assert.deepEqual(spans.map(({ attributes }) => attributes["url.path"]), ["/b", "/c"]);
  const snapshot = fixture.snapshot();
  assert.deepEqual(durations(snapshot).map(({ resource }) => resource), [2, 0]);
  assert.deepEqual([snapshot.counters.filtered, snapshot.counters.not_exported], [1, 0]);
});

Deno.test("stage: the routes of a process are its own", () => {
  const rules = rulesWith({ routes: { patterns: ["/{any}"] } });
  const fixture = new StageFixture({
    ...rules,
    routes: [...rules.routes, { ...rules.routes[0]!, patterns: [], unmatched: "wildcard" }],
  });
  fixture.stage.setProcess({ ...ALL_ON, pid: 1, resource: 1, routes: 1 });
  fixture.stage.setProcess({ ...ALL_ON, pid: 2, resource: 2, routes: 99 });
  const spans = fixture.run(server("/a", { pid: 1 }), server("/b", { pid: 2 }), server("/c", { pid: 3 }));
  assert.deepEqual(spans.map(({ name }) => name), ["GET /**", "GET /{any}", "GET /{any}"]);
});

Deno.test("stage: series have the attributes that rules select", () => {
  const fixture = new StageFixture(rulesWith({
    measure: {
      attributes: [
        {
          metric: "http.*",
          include: ["http.route", "url.*", "app.tenant"],
          exclude: ["url.query", "url.full"],
        },
        { metric: "http.server.response.body.size", include: null, exclude: ["*"] },
      ],
    },
  }));
  fixture.run(server("/a", {
    attributes: { "app.tenant": "x".repeat(300), "url.query": "q", "http.response.body.size": 33 },
  }));
  const { series } = fixture.snapshot();
  assert.deepEqual(series.map(({ metric, attributes }) => ({ metric, attributes })), [
    {
      metric: "http.server.request.duration",
      attributes: {
        "http.route": "/a",
        "url.scheme": "http",
        "url.path": "/a",
        "app.tenant": "x".repeat(255),
      },
    },
    { metric: "http.server.response.body.size", attributes: {} },
  ]);
  assert.deepEqual(series[1]!.histogram.buckets, [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("stage: only the features that are wanted are measured, routes always", () => {
  for (
    const [features, series, edges] of [[["application"], 1, 0], [["application_service_graph"], 0, 1], [
      [],
      0,
      0,
    ]] as const
  ) {
    const fixture = new StageFixture(rulesWith({ measure: { features } }));
    fixture.run(server("/a"));
    const snapshot = fixture.snapshot();
    assert.deepEqual([snapshot.series.length, snapshot.edges.length, snapshot.routes.length], [
      series,
      edges,
      1,
    ]);
  }
});

Deno.test("stage: a metric over its budget overflows, each process into one series", () => {
  const fixture = new StageFixture(rulesWith({ measure: { maxSeries: 3 } }));
  for (const pid of [1, 2]) fixture.stage.setProcess({ ...ALL_ON, pid, resource: pid });
  for (let number = 0; number < 10; number++) {
    const route = { attributes: { "http.route": `/r${number}`, "http.response.body.size": 1 } };
    fixture.run(server("/", { ...route, pid: 1 }), server("/", { ...route, pid: 2 }));
  }
  const { series, overflowed } = fixture.snapshot();
  const shape = durations(fixture.snapshot()).map(({ resource, overflow, histogram, attributes }) =>
    [resource, overflow, histogram.count, attributes["http.route"] ?? null].join()
  );
  assert.deepEqual(shape.sort(), [
    "1,false,1,/r0",
    "1,false,1,/r1",
    "1,true,8,",
    "2,false,1,/r0",
    "2,true,9,",
  ]);
  assert.equal(series.length, 10);
  assert.equal(overflowed["http.server.request.duration"], 17);
  assert.equal(overflowed["http.server.response.body.size"], 17);
});

Deno.test("stage: forgetting a process gives its budget back", () => {
  const fixture = new StageFixture(rulesWith({ measure: { maxSeries: 1 } }));
  for (const pid of [1, 2]) fixture.stage.setProcess({ ...ALL_ON, pid, resource: pid });
  const call = client("http://back/", { pid: 1, spanId: CALL, traceId: TRACE });
  fixture.run(server("/a", { pid: 1 }), call, server("/a", { pid: 2, parentSpanId: CALL, traceId: TRACE }));
  const resources = () =>
    durations(fixture.snapshot()).map(({ resource, overflow }) => [resource, overflow].join());
  assert.deepEqual(resources().sort(), ["1,false", "1,false", "2,true"]);
  fixture.stage.forget(1);
  assert.deepEqual(resources(), ["2,true"]);
  assert.deepEqual(fixture.snapshot().edges, []);
  assert.deepEqual(fixture.snapshot().routes.map(({ resource }) => resource), [2]);
  fixture.run(server("/a", { pid: 2 }), server("/a", { pid: 1 }));
  assert.deepEqual(resources().sort(), ["0,true", "2,false", "2,true"]);
});

Deno.test("stage: a call and its request are one edge, whichever comes first", () => {
  const call: TestSpan = client("http://back/", {
    pid: 1,
    spanId: CALL,
    traceId: TRACE,
    durationNs: 20_000_000n,
  });
  const request: TestSpan = server("/", {
    pid: 2,
    parentSpanId: CALL,
    traceId: TRACE,
    durationNs: 5_000_000n,
  });
  for (const spans of [[call, request], [request, call]]) {
    const fixture = new StageFixture();
    for (const pid of [1, 2]) fixture.stage.setProcess({ ...ALL_ON, pid, resource: pid });
    fixture.run(...spans);
    const { edges } = fixture.snapshot();
    assert.equal(edges.length, 1);
    const [{ client: from, server: to, peer, requests, failed, clientDuration, serverDuration }] = edges as [
      typeof edges[number],
    ];
    assert.deepEqual({ from, to, peer, requests, failed }, {
      from: 1,
      to: 2,
      peer: "",
      requests: 1,
      failed: 0,
    });
    assert.deepEqual([clientDuration.sum, serverDuration.sum], [0.02, 0.005]);
    fixture.nowMs += 60_000;
    fixture.run(server("/", { pid: 2, parentSpanId: "" }));
    assert.equal(fixture.snapshot().edges.find(({ client }) => client === 1)!.requests, 1);
  }
});

Deno.test("stage: a call that was sent again counts each request that arrived", () => {
  const call: TestSpan = client("http://back/", {
    pid: 1,
    spanId: CALL,
    traceId: TRACE,
    durationNs: 20_000_000n,
  });
  const request: TestSpan = server("/", { pid: 2, parentSpanId: CALL, traceId: TRACE });
  for (const spans of [[call, request, request], [request, request, call], [request, call, request]]) {
    const fixture = new StageFixture();
    for (const pid of [1, 2]) fixture.stage.setProcess({ ...ALL_ON, pid, resource: pid });
    fixture.run(...spans);
    fixture.stage.settle();
    const { edges } = fixture.snapshot();
    assert.deepEqual(
      edges.map(({ requests, clientDuration, serverDuration, latencies }) => [
        requests,
        clientDuration.count,
        serverDuration.count,
        latencies.reduce((sum, count) => sum + count, 0),
      ]),
      [[2, 1, 2, 2]],
    );
  }
});

Deno.test("stage: what has no traced other side becomes an edge to its address, or from outside, after a wait", () => {
  const fixture = new StageFixture();
  fixture.stage.setProcess({ ...ALL_ON, pid: 1, resource: 1 });
  fixture.run(
    client("http://api.example.com/v1", { pid: 1, failed: true }),
    server("/", { pid: 1, parentSpanId: "00000000000000f0" }),
    server("/", { pid: 1 }),
  );
  const shape = () =>
    fixture.snapshot().edges.map(({ client, server, peer, requests, failed }) =>
      [client, server, peer, requests, failed].join()
    ).sort();
  assert.deepEqual(shape(), ["0,1,,1,0"]);
  fixture.nowMs += 10_001;
  assert.deepEqual(shape(), ["0,1,,2,0", "1,0,api.example.com,1,1"]);
});

Deno.test("stage: edges over their budget are one overflowing edge", () => {
  const fixture = new StageFixture();
  for (let number = 0; number < 2100; number++) fixture.run(client(`http://h${number}.example.com/`));
  fixture.stage.settle();
  const { edges, overflowed } = fixture.snapshot();
  assert.equal(edges.length, 2049);
  assert.deepEqual(edges.filter(({ overflow }) => overflow).map(({ requests }) => requests), [52]);
  assert.equal(overflowed["traces_service_graph_request"], 52);
  assert.equal(edges.reduce((sum, { requests }) => sum + requests, 0), 2100);
});

Deno.test("stage: callers that use one id for all calls cost no more than others", () => {
  const fixture = new StageFixture();
  const spans = Array.from({ length: 20_000 }, () => server("/", { parentSpanId: CALL, traceId: TRACE }));
  fixture.run(...spans);
  fixture.stage.settle();
  assert.deepEqual(fixture.snapshot().edges.map(({ requests }) => requests), [20_000]);
});

Deno.test("stage: routes for the page over their budget overflow by process", () => {
  const fixture = new StageFixture(rulesWith({ measure: { maxSeries: 1 } }));
  for (let number = 0; number < 2050; number++) {
    fixture.run(server("/", { attributes: { "http.route": `/r${number}` } }));
  }
  const { routes, overflowed } = fixture.snapshot();
  assert.equal(routes.length, 2049);
  assert.deepEqual(routes.filter(({ overflow }) => overflow).map(({ count }) => count), [2]);
  assert.equal(overflowed["routes"], 2);
});

Deno.test("changes: nothing new is null, and only what changed is told", () => {
  const fixture = new StageFixture();
  fixture.run(server("/a"), server("/b"));
  assert.equal(fixture.stage.changes()!.series.length, 2);
  assert.equal(fixture.stage.changes(), null);
  fixture.run(server("/b"));
  const { all, series } = fixture.stage.changes()!;
  assert.deepEqual([all, series.map(([, { histogram }]) => histogram.count)], [false, [2]]);
});

/** Fields of a row's span, each with its tag; the row's own head is left out. */
function splitFields(row: Uint8Array): Uint8Array[] {
  const view = row.subarray(8);
  let at = 1;
  while (view[at]! >= 0x80) at++;
  at++;
  const fields: Uint8Array[] = [];
  while (at < view.length) {
    const from = at;
    const tag = view[at]!;
    at += tag >= 0x80 ? 2 : 1;
    if ((tag & 7) === 1) at += 8;
    else if ((tag & 7) === 5) at += 4;
    else if ((tag & 7) === 0) at += 1;
    else at += 1 + view[at]!;
    fields.push(view.slice(from, at));
  }
  return fields;
}

function rowOfFields(fields: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = fields.flatMap((field) => [...field]);
  const field = [0x12, content.length & 0x7f | 0x80, content.length >> 7, ...content];
  const row = new Uint8Array(8 + field.length);
  new DataView(row.buffer).setUint32(0, 1, true);
  new DataView(row.buffer).setUint32(4, field.length, true);
  row.set(field, 8);
  return row;
}
