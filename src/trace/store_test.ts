import { deepEqual, equal } from "node:assert/strict";
import { batchBytes, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { createResource, type Resource } from "./resource.ts";
import { splitSpans } from "./split.ts";
import { TraceStore } from "./store.ts";

const resource = (name: string): Resource =>
  createResource({ pid: 7, exe: `/bin/${name}`, goVersion: null, environment: {}, hostName: "h" });
const FRONT = resource("front");
const BACK = resource("back");
const id = (number: number) => number.toString(16).padStart(32, "0");

function add(store: TraceStore, of: Resource, ...spans: SpanFields[]) {
  const bytes = batchBytes(spans.map(encodeSpan));
  store.add(of, bytes, splitSpans(bytes));
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
  deepEqual([store.stats().traces, store.stats().spans], [2, 4]);
});

Deno.test("TraceStore.list() shows the newest traces first, by service and limit", () => {
  const store = new TraceStore({ maxSpans: 101, maxBytes: 100_003 });
  for (let number = 1; number <= 23; number++) add(store, number % 2 ? FRONT : BACK, { traceId: id(number) });
  deepEqual(store.list({ limit: 3 }).map(({ traceId }) => traceId), [id(23), id(22), id(21)]);
  deepEqual(store.list({ service: "back", limit: 2 }).map(({ traceId }) => traceId), [id(22), id(20)]);
  equal(store.list({ service: "front", limit: 101 }).length, 12);
  deepEqual(store.list({ service: "none", limit: 7 }), []);
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
  deepEqual(store.list({ limit: 1 }), [{
    traceId: id(1),
    rootName: "GET /",
    services: ["front", "back"],
    spans: 3,
    startTimeUnixNano: "10000000",
    durationNs: 30_500_000,
    errors: 1,
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
  equal(store.list({ limit: 1 })[0]!.rootName, "outer");
});

Deno.test("TraceStore evicts the oldest trace whole when there are too many spans", () => {
  const store = new TraceStore({ maxSpans: 5, maxBytes: 100_003 });
  for (let number = 1; number <= 3; number++) {
    add(store, FRONT, { traceId: id(number) }, { traceId: id(number) });
  }
  equal(store.get(id(1)), null);
  equal(store.get(id(2))?.spans.length, 2);
  equal(store.get(id(3))?.spans.length, 2);
  deepEqual(store.stats().evictedSpans, 2);
});

Deno.test("TraceStore stays within its bytes and never mixes spans up, whatever their sizes", () => {
  const maxBytes = 20_011;
  const store = new TraceStore({ maxSpans: 211, maxBytes });
  let added = 0;
  for (let round = 0; round < 1_009; round++) {
    const traceId = id(1 + Math.floor(round / 3) % 401);
    const name = String(round).repeat(1 + round * 7919 % 97);
    add(store, FRONT, { traceId, name, spanId: (round + 1).toString(16).padStart(16, "0") });
    added++;
    const { spans, bytes, traces, evictedSpans } = store.stats();
    equal(bytes <= maxBytes && spans <= 211, true);
    equal(spans + evictedSpans, added);
    if (round % 101 === 0) {
      const list = store.list({ limit: 1_009 });
      equal(list.length, traces);
      equal(list.reduce((sum, summary) => sum + summary.spans, 0), spans);
      for (const { traceId } of list) {
        for (const { span } of store.get(traceId)!.spans) {
          const made = parseInt(span.spanId, 16) - 1;
          equal(span.traceId, traceId);
          equal(span.name, String(made).repeat(1 + made * 7919 % 97));
        }
      }
    }
  }
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
    deepEqual(off.stats(), { traces: 0, spans: 0, bytes: 0, evictedSpans: 1 });
  }
});
