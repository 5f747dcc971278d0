import { deepEqual, equal } from "node:assert/strict";
import { batchBytes, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { createResource, type Resource } from "./resource.ts";
import { TraceStore } from "./store.ts";

const resource = (name: string): Resource =>
  createResource({ pid: 7, exe: `/bin/${name}`, goVersion: null, environment: {}, hostName: "h" });
const FRONT = resource("front");
const BACK = resource("back");
const id = (number: number) => number.toString(16).padStart(32, "0");

function add(store: TraceStore, of: Resource, ...spans: SpanFields[]) {
  const bytes = batchBytes(spans.map(encodeSpan));
  store.add(of, { pid: 7, count: spans.length, bytes });
  bytes.fill(0xff);
}

Deno.test("TraceStore.get() joins the spans of a trace over processes, in order of their start", () => {
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  add(store, BACK, { traceId: id(1), name: "third", startMs: 30 });
  add(store, FRONT, { traceId: id(1), name: "second", startMs: 20 }, { traceId: id(2), name: "other" });
  add(store, FRONT, { traceId: id(1), name: "first", startMs: 10 });
  const trace = store.get(id(1))!;
  deepEqual(trace.spans.map(({ span, resource }) => [span.name, resource.serviceName]), [
    ["first", "front"],
    ["second", "front"],
    ["third", "back"],
  ]);
  equal(store.get(id(3)), null);
  equal(store.stats().spans, 4);
});

Deno.test("TraceStore.list() shows the newest traces first, by service and limit", () => {
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  for (let number = 1; number <= 23; number++) add(store, number % 2 ? FRONT : BACK, { traceId: id(number) });
  deepEqual(store.list({ limit: 3 }).traces.map(({ traceId }) => traceId), [id(23), id(22), id(21)]);
  deepEqual(store.list({ service: "back", limit: 2 }).traces.map(({ traceId }) => traceId), [id(22), id(20)]);
  equal(store.list({ service: "front", limit: 101 }).traces.length, 12);
  deepEqual(store.list({ service: "none", limit: 7 }), { traces: [], more: false });
});

Deno.test("TraceStore.list() sums a trace up", () => {
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  add(
    store,
    BACK,
    {
      traceId: id(1),
      spanId: "03".repeat(8),
      parentSpanId: "02".repeat(8),
      name: "inner",
      startMs: 20,
      durationMs: 5,
      statusCode: 2,
    },
  );
  add(
    store,
    FRONT,
    {
      traceId: id(1),
      spanId: "02".repeat(8),
      parentSpanId: "01".repeat(8),
      name: "GET",
      kind: 3,
      startMs: 15,
      durationMs: 15,
    },
    { traceId: id(1), spanId: "01".repeat(8), name: "GET /", startMs: 10, durationMs: 30.5 },
  );
  deepEqual(store.list({ limit: 1 }).traces, [{
    traceId: id(1),
    rootName: "GET /",
    rootService: "front",
    rootKind: "server",
    method: null,
    route: null,
    path: null,
    status: null,
    services: ["front", "back"],
    spans: 3,
    startTimeUnixNano: "10000000",
    durationNs: 30_500_000,
    errors: 1,
    depth: 3,
  }]);
});

Deno.test("TraceStore.list() takes a span whose parent is elsewhere for the root", () => {
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  add(
    store,
    FRONT,
    { traceId: id(1), spanId: "03".repeat(8), parentSpanId: "02".repeat(8), name: "inner", startMs: 1 },
    { traceId: id(1), spanId: "02".repeat(8), parentSpanId: "01".repeat(8), name: "outer", startMs: 2 },
  );
  equal(store.list({ limit: 1 }).traces[0]!.rootName, "outer");
});

Deno.test("TraceStore lets the oldest traces go, each as a whole", () => {
  const store = new TraceStore({ maxSpans: 5, maxBytes: 100_003 });
  add(store, FRONT, { traceId: id(1) });
  add(store, FRONT, { traceId: id(2) });
  add(store, BACK, { traceId: id(1) }, { traceId: id(3) });
  add(store, BACK, { traceId: id(2) });
  equal(store.get(id(1))?.spans.length, 2);
  add(store, BACK, { traceId: id(4) });
  equal(store.get(id(1)), null, "a span of it is gone, so it is not shown with the other one alone");
  equal(store.get(id(2))?.spans.length, 2);
  deepEqual(store.list({ limit: 7 }).traces.map(({ traceId, spans }) => [traceId, spans]), [
    [id(4), 1],
    [id(3), 1],
    [id(2), 2],
  ]);
  equal(store.stats().evictedSpans, 1);
  add(store, BACK, { traceId: id(1) });
  equal(store.get(id(1)), null, "and does not come back with its late spans alone");
});

Deno.test("TraceStore stays within its bounds and never mixes spans up, whatever their sizes", () => {
  const maxBytes = 20_011;
  const store = new TraceStore({ maxSpans: 211, maxBytes });
  const nameOf = (number: number) => String(number).repeat(1 + number * 7919 % 97);
  const traceOf = (number: number) => 1 + Math.floor(number / 3);
  let added = 0;
  for (let round = 0; round < 1_009; round++) {
    const batch = Array.from({ length: 1 + round % 4 }, () => {
      const number = added++;
      const spanId = (number + 1).toString(16).padStart(16, "0");
      return { traceId: id(traceOf(number)), name: nameOf(number), spanId };
    });
    add(store, FRONT, ...batch);
    const { spans, bytes, evictedSpans } = store.stats();
    equal(bytes <= maxBytes && spans <= 211, true);
    equal(spans + evictedSpans, added);
    if (round % 53 !== 0) continue;
    const list = store.list({ limit: 1_009 }).traces;
    equal(list[0]!.traceId, id(traceOf(added - 1)));
    equal(list.at(-1)!.spans, Math.min(3, added));
    for (const { traceId, spans } of list) {
      const trace = store.get(traceId)!;
      equal(trace.spans.length, spans);
      for (const { span } of trace.spans) {
        const number = parseInt(span.spanId, 16) - 1;
        deepEqual([span.traceId, span.name], [id(traceOf(number)), nameOf(number)]);
      }
    }
  }
  equal(store.stats().evictedSpans > 1_009, true);
});

Deno.test("TraceStore leaves out a span larger than itself, and everything when its size is 0", () => {
  const small = new TraceStore({ maxSpans: 5, maxBytes: 211 });
  add(small, FRONT, { traceId: id(1) });
  add(small, FRONT, { traceId: id(2), name: "x".repeat(1_009) });
  equal(small.get(id(1))?.spans.length, 1);
  equal(small.get(id(2)), null);
  for (const bounds of [{ maxSpans: 0, maxBytes: 1_009 }, { maxSpans: 5, maxBytes: 0 }]) {
    const off = new TraceStore(bounds);
    add(off, FRONT, { traceId: id(1) });
    deepEqual(off.stats(), { spans: 0, bytes: 0, evictedSpans: 1 });
  }
});
