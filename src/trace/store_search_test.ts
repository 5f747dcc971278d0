import { deepEqual, equal } from "node:assert/strict";
import { batchBytes, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { BACK, batchOf, FRONT, shopTrace, traceIdOf } from "../../tests/support/shop_traces.ts";
import { createResource } from "./resource.ts";
import { TraceStore } from "./store.ts";
import { httpFacts } from "./trace.ts";
import type { TraceQuery } from "./trace_query.ts";

function shop(traces: number): TraceStore {
  const store = new TraceStore({ maxSpans: 1_009, maxBytes: 1_000_003 });
  for (let number = 1; number <= traces; number++) {
    for (const { resource, batch } of shopTrace(number)) store.add(resource, batch);
  }
  return store;
}

function found(store: TraceStore, query: Omit<TraceQuery, "limit">): number[] {
  return store.list({ ...query, limit: 1_009 }).traces.map(({ traceId }) => parseInt(traceId, 16));
}

Deno.test("TraceStore.list() searches by service, route, method and status of one and the same span", () => {
  const store = shop(30);
  deepEqual(found(store, { route: "/stock/{sku}" }), [30, 27, 24, 21, 18, 15, 12, 9, 6, 3]);
  deepEqual(found(store, { service: "back", route: "/stock/{sku}" }).length, 10);
  deepEqual(found(store, { service: "front", route: "/stock/{sku}" }), []);
  deepEqual(found(store, { method: "get" }).length, 30);
  deepEqual(found(store, { method: "POST" }), []);
  deepEqual(found(store, { status: "503" }), [30, 20, 10]);
  deepEqual(found(store, { status: "5xx", route: "/stock/{sku}" }), [30]);
  deepEqual(found(store, { status: "error", service: "front" }), [30, 20, 10]);
  deepEqual(found(store, { status: "2xx" }).length, 27);
  deepEqual(found(store, { status: "404" }), []);
});

Deno.test("TraceStore.list() takes a trace for ok when none of the spans that fit has failed", () => {
  const store = shop(30);
  equal(found(store, { status: "ok" }).length, 27);
  store.add(FRONT, batchOf(11, { traceId: traceIdOf(31) }));
  store.add(BACK, batchOf(12, { traceId: traceIdOf(31), statusCode: 2 }));
  equal(found(store, { status: "ok" }).includes(31), false);
  equal(found(store, { status: "ok", service: "front" }).includes(31), true);
  equal(found(store, { status: "ok", service: "back" }).includes(31), false);
});

Deno.test("TraceStore.list() searches by the duration of the whole trace", () => {
  const store = shop(60);
  deepEqual(found(store, { minDurationMs: 58 }), [49, 48]);
  deepEqual(found(store, { minDurationMs: 59.5 }), []);
  store.add(FRONT, batchOf(11, { traceId: traceIdOf(61), startMs: 1_000, durationMs: 1 }));
  store.add(BACK, batchOf(12, { traceId: traceIdOf(61), startMs: 1_099, durationMs: 1 }));
  deepEqual(found(store, { minDurationMs: 100 }), [61]);
  deepEqual(found(store, { minDurationMs: 100.1 }), []);
});

Deno.test("TraceStore.list() searches for text in names, services and attributes, and for the begin of an id", () => {
  const store = shop(30);
  deepEqual(found(store, { q: "/ORDERS/17" }), [17]);
  deepEqual(found(store, { q: "stock/9" }), [9]);
  deepEqual(found(store, { q: "fresh=1", route: "/stock/{sku}" }).length, 10);
  deepEqual(found(store, { q: "Fron" }).length, 30);
  deepEqual(found(store, { q: traceIdOf(23).slice(0, 32) }), [23]);
  deepEqual(found(store, { q: traceIdOf(16).toUpperCase().slice(0, 31) }).length, 15);
  deepEqual(found(store, { q: "http.route" }), [], "keys are no text of a span");
  const kinds = createResource({
    pid: 9,
    exe: "/bin/größe",
    goVersion: null,
    environment: {},
    hostName: "h",
  });
  store.add(kinds, batchOf(9, { traceId: traceIdOf(31), name: "naïve ☃" }));
  deepEqual(found(store, { q: "☃" }), [31]);
  deepEqual(found(store, { q: "GRÖSSE" }), []);
  deepEqual(found(store, { q: "GRÖßE" }), [31]);
});

Deno.test("TraceStore.list() says whether there are more that fit", () => {
  const store = shop(10);
  const more = (query: TraceQuery) => store.list(query).more;
  equal(more({ limit: 9 }), true);
  equal(more({ limit: 10 }), false);
  equal(more({ limit: 3, route: "/stock/{sku}" }), false);
  equal(more({ limit: 2, route: "/stock/{sku}" }), true);
});

Deno.test("TraceStore.list() answers the same again until a span comes", () => {
  const store = shop(3);
  const first = store.list({ limit: 10 });
  equal(store.list({ limit: 10 }), first);
  equal(store.list({ limit: 2 }).traces.length, 2);
  store.add(FRONT, batchOf(11, { traceId: traceIdOf(4) }));
  equal(store.list({ limit: 10 }).traces.length, 4);
});

Deno.test("TraceStore.list() goes on finding when very many routes have come and gone", () => {
  const store = new TraceStore({ maxSpans: 11, maxBytes: 100_003 });
  for (let number = 1; number <= 10_007; number++) {
    const attributes = { "http.route": `/r/${number}` };
    store.add(FRONT, batchOf(11, { traceId: traceIdOf(number), attributes }));
    if (number % 10 === 0) store.list({ limit: 1 });
  }
  deepEqual(found(store, { route: "/r/10007" }), [10_007]);
  deepEqual(found(store, { route: "/r/9000" }), []);
  equal(found(store, {}).length, 11);
});

Deno.test("TraceStore.list() and get() pass over spans that cannot be read", () => {
  const store = shop(1);
  const good = encodeSpan({ traceId: traceIdOf(2), name: "good" });
  const bad = new Uint8Array([...encodeSpan({ traceId: traceIdOf(2) }), 0x4a, 0x7f]);
  const worse = new Uint8Array([...encodeSpan({ traceId: traceIdOf(3) }), 0x0b]);
  store.add(FRONT, { pid: 11, count: 3, bytes: batchBytes([good, bad, worse]) });
  deepEqual(store.list({ limit: 10 }).traces.map(({ rootName, spans }) => [rootName, spans]), [
    ["good", 1],
    ["GET /shop/{id}", 3],
  ]);
  equal(store.get(traceIdOf(3)), null);
});

for (const maxSpans of [7, 307]) {
  Deno.test(`TraceStore.list() finds among ${maxSpans} spans what a search through everything finds`, () => {
    const store = new TraceStore({ maxSpans, maxBytes: 60_013 });
    let seed = 11;
    const random = (below: number) => (seed = seed * 48_271 % 2_147_483_647) % below;
    const pick = <T>(items: readonly T[]) => items[random(items.length)]!;
    const routes = ["/a", "/b/{id}", "/ü"];
    const queries: TraceQuery[] = [{ limit: 1_009 }];
    for (const service of ["front", "back", undefined]) {
      for (const status of ["ok", "error", "200", "5xx", undefined]) {
        for (const route of [...routes, undefined]) queries.push({ service, status, route, limit: 1_009 });
      }
    }
    queries.push({ minDurationMs: 40, limit: 1_009 }, { minDurationMs: 40, method: "PUT", limit: 1_009 });
    let checked = 0;
    for (let round = 0; round < 401; round++) {
      const spans = Array.from({ length: 1 + random(5) }, (): SpanFields => ({
        traceId: traceIdOf(1 + round + random(30)),
        startMs: 1_000 + random(50),
        durationMs: random(50),
        statusCode: pick([0, 0, 2]),
        attributes: {
          "http.request.method": pick(["GET", "PUT"]),
          ...random(3) ? { "http.route": pick(routes) } : {},
          ...random(4) ? { "http.response.status_code": pick([200, 404, 500, 503]) } : {},
        },
      }));
      store.add(pick([FRONT, BACK]), batchOf(1, ...spans));
      if (round % (maxSpans === 7 ? 2 : 23) !== 0) continue;
      const all = found(store, {});
      for (const query of queries) {
        const wanted = all.filter((number) => fits(store, traceIdOf(number), query));
        deepEqual(found(store, query), wanted, JSON.stringify(query));
        checked += wanted.length;
      }
    }
    equal(checked > 503, true);
    equal(store.stats().evictedSpans > 503, true);
  });
}

/** The meaning of a query, on decoded spans. */
function fits(store: TraceStore, traceId: string, query: TraceQuery): boolean {
  const spans = store.get(traceId)!.spans.map(({ span, resource }) => ({
    ...httpFacts(span.attributes),
    service: resource.serviceName,
    failed: span.status.code === 2,
    start: Number(span.startTimeUnixNano),
    end: Number(span.endTimeUnixNano),
  }));
  const same = <T>(wanted: T | undefined, value: T | null) => wanted === undefined || wanted === value;
  const those = spans.filter(({ service, route, method }) =>
    same(query.service, service) && same(query.route, route) && same(query.method, method)
  );
  const { status } = query;
  const by = status === undefined
    ? those.length > 0
    : status === "ok"
    ? those.length > 0 && those.every(({ failed }) => !failed)
    : status === "error"
    ? those.some(({ failed }) => failed)
    : those.some((span) => String(span.status).startsWith(status.replace("xx", "")));
  const durationMs =
    (Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start))) / 1e6;
  return by && durationMs >= (query.minDurationMs ?? 0);
}
