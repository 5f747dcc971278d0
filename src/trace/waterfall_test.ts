import { deepEqual, equal } from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { displayWidth } from "../support/text.ts";
import { decodeSpan } from "./otlp_span.ts";
import { createResource } from "./resource.ts";
import type { StoredSpan, Trace } from "./trace.ts";
import { renderWaterfall } from "./waterfall.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function stored(service: string, fields: SpanFields): StoredSpan {
  const resource = createResource({
    pid: 7,
    exe: "/a",
    goVersion: null,
    environment: { OTEL_SERVICE_NAME: service },
    hostName: "h",
  });
  return { span: decodeSpan(encodeSpan({ traceId: TRACE_ID, ...fields })), resource };
}

const trace: Trace = {
  traceId: TRACE_ID,
  spans: [
    stored("front", {
      spanId: "01".repeat(8),
      name: "GET /",
      startMs: 0,
      durationMs: 2000,
      attributes: { "http.response.status_code": 200 },
    }),
    stored("front", {
      spanId: "02".repeat(8),
      parentSpanId: "01".repeat(8),
      name: "GET",
      kind: 3,
      startMs: 1000,
      durationMs: 1000,
      attributes: { "http.response.status_code": 200, "server.address": "localhost", "server.port": 8081 },
    }),
    stored("back", {
      spanId: "03".repeat(8),
      parentSpanId: "02".repeat(8),
      name: "GET /work",
      startMs: 1500,
      durationMs: 250,
      statusCode: 2,
      attributes: { "http.response.status_code": 500 },
    }),
  ],
};

Deno.test("renderWaterfall() aligns columns, indents children and draws bars in proportion", () => {
  deepEqual(
    renderWaterfall(trace, { width: 80 }).split("\n"),
    [
      `trace ${TRACE_ID}  3 spans  2 services  2.00 s`,
      "front  server  GET /                 200  2.00 s  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
      "front  client    GET localhost:8081  200  1.00 s                 ━━━━━━━━━━━━━━━",
      "back   server      GET /work         500  250 ms                        ━━━━",
      "",
    ],
  );
});

Deno.test("renderWaterfall() never exceeds the terminal, however narrow", () => {
  const wide: Trace = {
    traceId: TRACE_ID,
    spans: [
      ...trace.spans,
      stored("日本語のサービス名前がとても長い", {
        name: "GET /" + "長".repeat(101),
        attributes: { "error.type": "*net.OpError" },
      }),
    ],
  };
  for (let width = 1; width <= 211; width++) {
    for (const line of renderWaterfall(wide, { width }).split("\n")) {
      equal(displayWidth(line) <= width, true, `${width}: ${line}`);
    }
  }
});

Deno.test("renderWaterfall() colours only on request, errors in red", () => {
  equal(renderWaterfall(trace).includes("\x1b"), false);
  const lines = renderWaterfall(trace, { colour: true }).split("\n");
  equal(lines[3]!.includes("\x1b[31m"), true);
  equal(lines[1]!.includes("\x1b[31m"), false);
  const plain = lines.map(stripVTControlCharacters);
  deepEqual(plain, renderWaterfall(trace).split("\n"));
});

Deno.test("renderWaterfall() keeps a span's text from steering the terminal", () => {
  const evil: Trace = { traceId: TRACE_ID, spans: [stored("s\x1b[2J", { name: "GET /\x1b]0;x\x07\n" })] };
  equal(/[^\P{Cc}\n]/u.test(renderWaterfall(evil)), false);
  equal(renderWaterfall(evil).split("\n").length, 3);
});

Deno.test("renderWaterfall() shows every span once: orphans, cycles, spans that are their own parent", () => {
  const odd: Trace = {
    traceId: TRACE_ID,
    spans: [
      stored("a", { spanId: "01".repeat(8), parentSpanId: "09".repeat(8), name: "orphan" }),
      stored("a", { spanId: "02".repeat(8), parentSpanId: "03".repeat(8), name: "cycle-a" }),
      stored("a", { spanId: "03".repeat(8), parentSpanId: "02".repeat(8), name: "cycle-b" }),
      stored("a", { spanId: "04".repeat(8), parentSpanId: "04".repeat(8), name: "self" }),
    ],
  };
  const text = renderWaterfall(odd);
  for (const name of ["orphan", "cycle-a", "cycle-b", "self"]) equal(text.split(name).length, 2, name);
});

Deno.test("renderWaterfall() draws a chain of thousands without exhausting the stack", () => {
  const hex = (number: number) => number.toString(16).padStart(16, "0");
  const spans = Array.from(
    { length: 10_007 },
    (_, index) => stored("a", { spanId: hex(index + 1), parentSpanId: index === 0 ? "" : hex(index) }),
  );
  equal(renderWaterfall({ traceId: TRACE_ID, spans }).split("\n").length, 10_009);
});
