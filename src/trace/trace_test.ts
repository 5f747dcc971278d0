import { deepEqual, equal } from "node:assert/strict";
import { encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { BACK, FRONT, traceIdOf } from "../../tests/support/shop_traces.ts";
import { decodeSpan } from "./otlp_span.ts";
import { summarize, type Trace } from "./trace.ts";

function traceOf(...spans: SpanFields[]): Trace {
  const traceId = traceIdOf(1);
  return {
    traceId,
    spans: spans.map((fields, index) => ({
      span: decodeSpan(encodeSpan({ traceId, ...fields })),
      resource: index % 2 ? BACK : FRONT,
    })),
  };
}

const id = (number: number) => number.toString(16).padStart(16, "0");

Deno.test("summarize() says of the root what a list shows", () => {
  const { rootName, rootService, rootKind, method, route, path, status } = summarize(traceOf(
    { spanId: id(2), parentSpanId: id(1), name: "GET", kind: 3 },
    {
      spanId: id(1),
      name: "GET /orders/{id}",
      attributes: {
        "http.request.method": "GET",
        "http.route": "/orders/{id}",
        "url.path": "/orders/7",
        "http.response.status_code": 404,
      },
    },
  ));
  deepEqual([rootName, rootService, rootKind], ["GET /orders/{id}", "back", "server"]);
  deepEqual([method, route, path, status], ["GET", "/orders/{id}", "/orders/7", 404]);
});

Deno.test("summarize() takes the path of a client's root from its URL, without the query", () => {
  const root = (url: string) => summarize(traceOf({ kind: 3, attributes: { "url.full": url } }));
  equal(root("http://back:8080/a/b?c=d#e").path, "/a/b");
  equal(root("no URL").path, null);
  equal(root("http://back").rootKind, "client");
});

Deno.test("summarize() counts the spans on the longest way down", () => {
  const depth = (...parents: [span: number, parent: number][]) =>
    summarize(traceOf(...parents.map(([span, parent]) => ({
      spanId: id(span),
      ...(parent === 0 ? {} : { parentSpanId: id(parent) }),
    })))).depth;
  equal(depth([1, 0]), 1);
  equal(depth([3, 2], [2, 1], [1, 0], [4, 1]), 3);
  equal(depth([2, 9], [3, 2], [5, 8]), 2);
  equal(depth(...Array.from({ length: 5_003 }, (_, index): [number, number] => [index + 1, index])), 5_003);
});

Deno.test("summarize() comes to an end with parents that form a ring", () => {
  equal(summarize(traceOf({ spanId: id(1), parentSpanId: id(1) })).depth, 1);
  equal(
    summarize(traceOf({ spanId: id(1), parentSpanId: id(2) }, { spanId: id(2), parentSpanId: id(1) })).depth,
    2,
  );
});
