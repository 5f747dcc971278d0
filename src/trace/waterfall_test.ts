import { deepEqual, equal, match } from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { displayWidth } from "../support/text.ts";
import { createPainter, timeText } from "./format.ts";
import { decodeSpan } from "./otlp_span.ts";
import { createResource } from "./resource.ts";
import type { StoredSpan, Trace } from "./trace.ts";
import { renderWaterfall } from "./waterfall.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
/** Local time, whatever the zone of this machine. */
const MIDNIGHT_UTC = timeText(0n);

function stored(service: string, fields: SpanFields): StoredSpan {
  const resource = createResource({
    pid: 7,
    exe: "/a",
    goVersion: null,
    environment: { OTEL_SERVICE_NAME: service },
    hostName: "h",
  });
  return { span: decodeSpan(encodeSpan({ traceId: TRACE_ID, startMs: 0, ...fields })), resource };
}

const trace: Trace = {
  traceId: TRACE_ID,
  spans: [
    stored("front", {
      spanId: "01".repeat(8),
      name: "GET /",
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

/** The same in a language whose characters take two columns. */
const wide: Trace = {
  traceId: TRACE_ID,
  spans: [
    ...trace.spans,
    stored("日本語のサービス", {
      name: "GET /" + "長".repeat(101),
      attributes: { "error.type": "*net.OpError" },
    }),
    stored("注文サービス", { name: "GET /注文", durationMs: 250, startMs: 1700, statusCode: 2 }),
  ],
};

const lines = (shown: Trace, width: number) => renderWaterfall(shown, { width }).split("\n");

Deno.test("renderWaterfall() at 80 columns: head, aligned columns, indented children, bars in proportion", () => {
  deepEqual(lines(trace, 80), [
    `${MIDNIGHT_UTC}    200   2.00 s  GET /  front, back  1 error`,
    `  ${TRACE_ID}`,
    "  front  server  GET /                   200  2.00 s  ━━━━━━━━━━━━━━━━━━━━━━━━━━",
    "  front  client    GET localhost:8081    200  1.00 s               ━━━━━━━━━━━━━",
    "  back   server      GET /work         ✗ 500  250 ms                     ━━━━",
    "",
  ]);
});

Deno.test("renderWaterfall() at 120 columns puts the trace id at the right edge", () => {
  const [head = "", ...rows] = lines(trace, 120);
  match(
    head,
    / {2}200 {3}2\.00 s {2}GET \/ {2}front, back {2}1 error {2,}0af7651916cd43dd8448eb211c80319c$/,
  );
  equal(displayWidth(head), 120);
  equal(displayWidth(rows[0]!), 120);
});

Deno.test("renderWaterfall() at 40 columns leaves out kind and bar rather than the name", () => {
  deepEqual(lines(trace, 40), [
    `${MIDNIGHT_UTC}    200   2.00 s  GET /`,
    "  front, back  1 error",
    `  ${TRACE_ID}`,
    "  front  GET /               200  2.00 s",
    "  front    GET localhost…    200  1.00 s",
    "  back       GET /work     ✗ 500  250 ms",
    "",
  ]);
});

Deno.test("renderWaterfall() aligns names whose characters take two columns", () => {
  const rows = lines(wide, 120).slice(1, -1).filter((line) => line.includes("server"));
  equal(rows.length, 4);
  const column = (line: string, text: string) => displayWidth(line.slice(0, line.indexOf(text)));
  deepEqual(rows.map((row) => column(row, "server")), [20, 20, 20, 20]);
  match(rows.at(-1)!, /^ {2}注文サービス {6}server {2}GET \/注文 .* ✗ error .* 250 ms .*━/);
});

Deno.test("renderWaterfall() never exceeds the terminal, however narrow", () => {
  for (let width = 1; width <= 211; width++) {
    for (const late of [false, true]) {
      for (const line of renderWaterfall(wide, { width, late, maxRows: 4 }).split("\n")) {
        equal(displayWidth(line) <= width, true, `${width}: ${line}`);
      }
    }
  }
});

Deno.test("renderWaterfall() shows a trace of one span in its head, whose columns stand below one another", () => {
  const one = (fields: SpanFields) =>
    renderWaterfall({ traceId: TRACE_ID, spans: [stored("front", fields)] });
  const good = one({ name: "GET /x", durationMs: 0.25, attributes: { "http.response.status_code": 404 } });
  const bad = one({
    name: "GET /y",
    durationMs: 12,
    statusCode: 2,
    attributes: { "http.response.status_code": 503 },
  });
  equal(good, `${MIDNIGHT_UTC}    404   250 µs  GET /x  front${" ".repeat(25)}${TRACE_ID}\n`);
  equal(bad, `${MIDNIGHT_UTC}  ✗ 503  12.0 ms  GET /y  front${" ".repeat(25)}${TRACE_ID}\n`);
});

Deno.test("renderWaterfall() shows so many rows and counts the others", () => {
  const shown = renderWaterfall(trace, { width: 80, maxRows: 2 }).split("\n");
  equal(shown.length, 6);
  equal(shown[4], "  … 1 more span");
});

Deno.test("renderWaterfall() says of late spans that they are", () => {
  match(renderWaterfall(trace, { width: 120, late: true }), / {2}1 error {2}late /);
});

Deno.test("renderWaterfall() counts the services that there is no room for", () => {
  const services = ["a", "b", "c", "d", "e", "f", "g"];
  const spans = services.map((service) => stored(service, { parentSpanId: "01".repeat(8) }));
  match(renderWaterfall({ traceId: TRACE_ID, spans }), / a, b, c, d, e, 2 more /);
});

Deno.test("renderWaterfall() colours only on request, errors in red, services alike in head and rows", () => {
  equal(renderWaterfall(trace).includes("\x1b"), false);
  const coloured = renderWaterfall(trace, { colour: true, width: 120 }).split("\n");
  equal(coloured[3]!.includes("\x1b[31m"), true);
  equal(coloured[1]!.includes("\x1b[31m"), false);
  const back = createPainter(true).service("back", "back").replace("\x1b[0m", "");
  equal(coloured[0]!.includes(back) && coloured[3]!.startsWith(`  ${back} `), true, coloured[3]);
  deepEqual(coloured.map(stripVTControlCharacters), lines(trace, 120));
});

Deno.test("renderWaterfall() keeps a span's text from steering the terminal", () => {
  const evil: Trace = {
    traceId: TRACE_ID,
    spans: [stored("s\x1b[2J", { name: "GET /\x1b]0;x\x07\n" }), stored("\u202e", { name: "\r" })],
  };
  equal(/[^\P{Cc}\n]|\u202e/u.test(renderWaterfall(evil)), false);
  equal(lines(evil, 200).length, 4);
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
  const rows = lines(odd, 100).filter((line) => line.startsWith("  a  server"));
  for (const name of ["orphan", "cycle-a", "cycle-b", "self"]) {
    equal(rows.filter((row) => row.includes(name)).length, 1, name);
  }
});

Deno.test("renderWaterfall() draws a chain of thousands without exhausting the stack", () => {
  const hex = (number: number) => number.toString(16).padStart(16, "0");
  const spans = Array.from(
    { length: 10_007 },
    (_, index) => stored("a", { spanId: hex(index + 1), parentSpanId: index === 0 ? "" : hex(index) }),
  );
  equal(renderWaterfall({ traceId: TRACE_ID, spans }, { width: 120 }).split("\n").length, 10_009);
});

Deno.test("renderWaterfall() has nothing to show of no spans", () => {
  equal(renderWaterfall({ traceId: TRACE_ID, spans: [] }), "");
});
