/** Made-up traces of a small shop, front calls back, for tests of what shows traces. */
import { createResource, type Resource } from "../../src/trace/resource.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { batchBytes, encodeSpan, type SpanFields } from "./otlp_proto.ts";

const START_MS = 1_700_000_000_000;

function service(pid: number, name: string): Resource {
  return createResource({
    pid,
    exe: `/srv/${name}`,
    goVersion: "go1.26.8",
    environment: { OTEL_SERVICE_NAME: name },
    hostName: "node-1",
  });
}

export const FRONT = service(11, "front");
export const BACK = service(12, "back");

/** Trace ids are numbers in hex. */
export function traceIdOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

/** Spans of one process as the decoders hand them over. */
export function batchOf(pid: number, ...spans: readonly SpanFields[]): SpanBatch {
  return { pid, count: spans.length, bytes: batchBytes(spans.map(encodeSpan)) };
}

/** The parts of trace `number`, one second after the one before it. Every tenth fails; every third asks for stock. */
export function shopTrace(number: number): { readonly resource: Resource; readonly batch: SpanBatch }[] {
  const traceId = traceIdOf(number);
  const span = (of: number) => ((number << 2) + of).toString(16).padStart(16, "0");
  const startMs = START_MS + number * 1_000;
  const durationMs = 10 + number % 50;
  const fails = number % 10 === 0;
  const isStock = number % 3 === 0;
  const [path, route] = isStock
    ? [`/stock/${number}`, "/stock/{sku}"]
    : [`/orders/${number}`, "/orders/{id}"];
  const failure = fails ? { statusCode: 2 } : {};
  const server = {
    "http.request.method": "GET",
    "url.scheme": "http",
    "network.protocol.version": "1.1",
    "http.response.status_code": fails ? 503 : 200,
  };
  return [
    {
      resource: BACK,
      batch: batchOf(12, {
        traceId,
        spanId: span(3),
        parentSpanId: span(2),
        name: `GET ${route}`,
        kind: 2,
        startMs: startMs + 3,
        durationMs: durationMs - 6,
        attributes: { ...server, "url.path": path, "http.route": route },
        ...failure,
      }),
    },
    {
      resource: FRONT,
      batch: batchOf(11, {
        traceId,
        spanId: span(2),
        parentSpanId: span(1),
        name: "GET",
        kind: 3,
        startMs: startMs + 2,
        durationMs: durationMs - 4,
        attributes: {
          "http.request.method": "GET",
          "url.full": `http://back:8080${path}?fresh=1`,
          "server.address": "back",
          "server.port": 8080,
          "http.response.status_code": fails ? 503 : 200,
        },
        ...failure,
      }, {
        traceId,
        spanId: span(1),
        name: "GET /shop/{id}",
        kind: 2,
        startMs,
        durationMs,
        attributes: { ...server, "url.path": `/shop/${number}`, "http.route": "/shop/{id}" },
        ...failure,
      }),
    },
  ];
}
