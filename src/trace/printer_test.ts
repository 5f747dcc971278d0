import { deepEqual, equal, match } from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { batchBytes, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { createLogger } from "../support/log.ts";
import { SpanPrinter, type SpanPrinterOptions } from "./printer.ts";
import { createResource } from "./resource.ts";
import { splitSpans } from "./split.ts";

function resourceOf(serviceName: string) {
  const environment = { OTEL_SERVICE_NAME: serviceName };
  return createResource({ pid: 7, exe: "/bin/a", goVersion: null, environment, hostName: "h" });
}

const FRONT = resourceOf("front");
const BACK = resourceOf("back");
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const OTHER_ID = "0bf7651916cd43dd8448eb211c80319c";
/** Longer than a trace waits for more of it. */
const QUIET_MS = 600;
const SECOND_MS = 1_100;

function capture(options: Partial<SpanPrinterOptions> = {}) {
  const logged: string[] = [];
  const out = { text: "", writes: 0 };
  const clock = new FakeClock();
  const printer = new SpanPrinter({
    mode: "text",
    log: createLogger({ write: (line) => logged.push(line) }),
    write: (bytes) => {
      out.text += new TextDecoder().decode(bytes);
      out.writes++;
      return Promise.resolve();
    },
    clock,
    ...options,
  });
  const printFrom = (resource: typeof FRONT, ...spans: SpanFields[]) => {
    const bytes = batchBytes(spans.map(encodeSpan));
    printer.print(resource, bytes, splitSpans(bytes));
    bytes.fill(0xff);
  };
  const take = () => {
    const lines = out.text.split("\n");
    out.text = "";
    return lines;
  };
  return {
    printer,
    printFrom,
    print: (...spans: SpanFields[]) => printFrom(FRONT, ...spans),
    out,
    take,
    logged,
    clock,
  };
}

Deno.test("SpanPrinter shows a trace when no more of it comes, whatever the order and the process", async () => {
  const { printFrom, take, printer, clock } = capture();
  const root = "01".repeat(8);
  const call = "02".repeat(8);
  const startMs = 1_700_000_000_000;
  printFrom(BACK, {
    traceId: TRACE_ID,
    parentSpanId: call,
    startMs: startMs + 600,
    durationMs: 250,
    more: { flags: 0x301 },
  });
  await clock.advance(200);
  printFrom(FRONT, {
    traceId: TRACE_ID,
    spanId: call,
    parentSpanId: root,
    kind: 3,
    name: "GET",
    startMs: startMs + 500,
    durationMs: 500,
    more: { flags: 0x101 },
  });
  await clock.advance(QUIET_MS);
  deepEqual(take(), [""]);
  equal(printer.stats().waiting, 2);
  printFrom(FRONT, { traceId: TRACE_ID, spanId: root, name: "GET /", startMs, durationMs: 1_000 });
  await clock.advance(QUIET_MS);
  const [head = "", ...rows] = take();
  match(
    head,
    /^\d\d:\d\d:20\.000 +- +1\.00 s {2}GET \/ {2}front, back +0af7651916cd43dd8448eb211c80319c$/,
  );
  match(rows[0]!, /^ {2}front {2}server {2}GET \/ +- {2}1\.00 s {2}━+$/);
  match(rows[1]!, /^ {2}front {2}client {4}GET +- {2}500 ms +━+$/);
  match(rows[2]!, /^ {2}back {3}server {6}GET \/x +- {2}250 ms +━+$/);
  deepEqual(rows.slice(3), ["", ""]);
  deepEqual(printer.stats(), { printed: 3, dropped: 0, summarized: 0, waiting: 0 });
  equal(clock.sleepers, 1, "the second is not over");
  await clock.advance(SECOND_MS);
  equal(clock.sleepers, 0);
});

Deno.test("SpanPrinter shows a late span of a trace that was shown as late", async () => {
  const { print, take, clock } = capture();
  print({ traceId: TRACE_ID });
  await clock.advance(QUIET_MS);
  equal(take().length, 2);
  print({ traceId: TRACE_ID, name: "GET /late" });
  await clock.advance(QUIET_MS);
  const lines = take();
  equal(lines.length, 2);
  match(lines[0]!, /GET \/late {2}front {2}late +0af7651916cd43dd8448eb211c80319c$/);
  print({ traceId: OTHER_ID });
  await clock.advance(QUIET_MS);
  equal(take().join("").includes("late"), false);
});

Deno.test("SpanPrinter prints so many traces, then one summary a second and a few samples, and counts", async () => {
  const { print, take, printer, clock } = capture();
  for (let i = 0; i < 2_000; i++) {
    print({ statusCode: i % 100 === 0 ? 2 : 0, durationMs: i === 7 ? 9_000 : 41 });
  }
  await clock.advance(QUIET_MS);
  const first = take();
  equal(first.length, 11);
  await clock.advance(SECOND_MS);
  const lines = take();
  equal(lines.length, 5);
  match(
    lines[0]!,
    /^\d\d:\d\d:\d\d\.\d{3} {2}2,000 traces\/s, 20 with errors, p99 4[01]\.\d ms; 1,987 not printed$/,
  );
  for (const line of lines.slice(1, 4)) match(line, /✗ error +41\.0 ms/);
  deepEqual(printer.stats(), { printed: 13, dropped: 0, summarized: 1_987, waiting: 0 });
  await clock.advance(SECOND_MS);
  deepEqual([take(), clock.sleepers], [[""], 0]);
});

Deno.test("SpanPrinter says of late spans that are too many how many, and nothing of those it never showed", async () => {
  const { print, take, printer, clock } = capture();
  const ids = Array.from({ length: 20 }, (_, i) => (i + 1).toString(16).padStart(32, "0"));
  for (const traceId of ids.slice(0, 10)) print({ traceId });
  await clock.advance(SECOND_MS + QUIET_MS);
  for (const traceId of ids.slice(10)) print({ traceId });
  await clock.advance(SECOND_MS + QUIET_MS);
  equal(take().length, 21);
  for (const traceId of ids) print({ traceId });
  await clock.advance(3 * SECOND_MS);
  const late = take().filter((line) => line !== "");
  equal(late.filter((line) => / late {2,}0/.test(line)).length, 13);
  match(late.find((line) => !/ late {2,}0/.test(line))!, / late spans of 7 traces not printed$/);
  deepEqual(printer.stats(), { printed: 33, dropped: 0, summarized: 7, waiting: 0 });

  const many = Array.from({ length: 40 }, (_, i) => (i + 100).toString(16).padStart(32, "0"));
  for (const traceId of many) print({ traceId });
  await clock.advance(3 * SECOND_MS);
  take();
  // Those that were shown: the first ten, and three samples.
  for (const traceId of many.slice(13)) print({ traceId });
  await clock.advance(3 * SECOND_MS);
  deepEqual(take(), [""]);
  deepEqual(printer.stats(), { printed: 46, dropped: 0, summarized: 7 + 27 + 27, waiting: 0 });
});

Deno.test("SpanPrinter accounts for 100,000 spans in ten seconds in few lines and little memory", async () => {
  const { print, out, printer, clock } = capture();
  const random = () => Math.floor(Math.random() * 2 ** 32).toString(16).padStart(8, "0");
  let most = 0;
  for (let tick = 0; tick < 100; tick++) {
    for (let i = 0; i < 334; i++) {
      const traceId = `0${random().slice(1)}${random()}${random()}${random()}`;
      print({ traceId }, { traceId, kind: 3 }, { traceId, statusCode: i === 5 ? 2 : 0 });
    }
    await clock.advance(100);
    most = Math.max(most, printer.stats().waiting);
  }
  equal(most < 6_000, true, `${most} spans waited`);
  await printer.flush();
  const lines = out.text.split("\n").length;
  equal(lines < 10 * 5 + 12 * 4 * 5, true, `${lines} lines`);
  equal(out.text.match(/not printed$/gm)!.length, 10);
  const { printed, dropped, summarized, waiting } = printer.stats();
  deepEqual([printed + summarized, dropped, waiting], [100_200, 0, 0]);
});

Deno.test("SpanPrinter shows the first rows of a trace of very many spans, and counts the others", async () => {
  const { print, take, printer } = capture();
  print(...Array.from({ length: 70 }, () => ({ traceId: TRACE_ID })));
  await printer.flush();
  const lines = take();
  deepEqual([lines.length, lines[51]], [54, "  … 20 more spans"]);
  deepEqual(printer.stats(), { printed: 50, dropped: 0, summarized: 20, waiting: 0 });
});

Deno.test("SpanPrinter asks for the width of the terminal with each trace", async () => {
  let columns = 120;
  const { print, take, printer } = capture({ width: () => columns });
  print({});
  await printer.flush();
  columns = 64;
  print({});
  await printer.flush();
  deepEqual(take().map((line) => line.length), [120, 43, 34, 0]);
});

Deno.test("SpanPrinter colours on request only", async () => {
  const plain = capture();
  const coloured = capture({ colour: true });
  for (const { print, printer } of [plain, coloured]) {
    print({ traceId: TRACE_ID, statusCode: 2 });
    await printer.flush();
  }
  equal(plain.out.text.includes("\x1b"), false);
  equal(coloured.out.text.includes("\x1b[31m✗ error\x1b[0m"), true);
});

Deno.test("SpanPrinter.setMode() changes from the next span on and loses none", async () => {
  const { print, take, printer } = capture();
  print({ traceId: TRACE_ID, name: "as text" });
  printer.setMode("json");
  print({ name: "as JSON" });
  printer.setMode("off");
  print({ name: "off" });
  printer.setMode("text");
  print({ name: "as text again" });
  await printer.flush();
  const lines = take();
  equal(lines.length, 4);
  match(lines[0]!, /as text {2}front/);
  equal(JSON.parse(lines[1]!).name, "as JSON");
  match(lines[2]!, /as text again/);
  deepEqual(printer.stats(), { printed: 3, dropped: 0, summarized: 0, waiting: 0 });
});

Deno.test("SpanPrinter.flush() leaves no timer behind, and printing goes on after it", async () => {
  const { print, take, printer, clock } = capture();
  print({});
  equal(clock.sleepers, 1);
  await printer.flush();
  deepEqual([take().length, clock.sleepers], [2, 0]);
  print({});
  await clock.advance(QUIET_MS);
  equal(take().length, 2);
});

Deno.test("SpanPrinter prints OTLP JSON with the resource, one span a line", async () => {
  const { printer, print, out } = capture({ mode: "json" });
  print({
    traceId: TRACE_ID,
    parentSpanId: "00f067aa0ba902b7",
    name: "GET /\n",
    attributes: { n: 7, s: "x" },
  });
  await printer.flush();
  const lines = out.text.split("\n");
  deepEqual([lines.length, lines[1]], [2, ""]);
  const span = JSON.parse(lines[0]!);
  deepEqual([span.traceId, span.parentSpanId, span.name, span.kind], [
    TRACE_ID,
    "00f067aa0ba902b7",
    "GET /\n",
    2,
  ]);
  equal(span.startTimeUnixNano, "1700000000000000000");
  deepEqual(span.attributes, [
    { key: "n", value: { intValue: "7" } },
    { key: "s", value: { stringValue: "x" } },
  ]);
  const service = span.resource.attributes.find(({ key }: { key: string }) => key === "service.name");
  deepEqual(service, { key: "service.name", value: { stringValue: "front" } });
});

Deno.test("SpanPrinter keeps a span's text from forging lines or steering the terminal", async () => {
  const { printer, print, out } = capture();
  print({ name: "GET\n\x1b[2J", attributes: { "error.type": "a\rb" } });
  await printer.flush();
  equal(/\p{Cc}/u.test(out.text.slice(0, -1)), false);
});

Deno.test("SpanPrinter leaves out, counts and reports a span that cannot be decoded", async () => {
  const { printer, out, logged } = capture();
  const bytes = batchBytes([encodeSpan({ name: "a" }), encodeSpan({ name: "b" })]);
  const slices = splitSpans(bytes);
  // Field 1 of wire type 7, which there is none of.
  bytes[slices[0]!.start + 28] = 0x0f;
  printer.print(FRONT, bytes, slices);
  await printer.flush();
  deepEqual(printer.stats(), { printed: 1, dropped: 1, summarized: 0, waiting: 0 });
  equal(out.text.split("\n").length, 2);
  match(logged[0]!, /span cannot be decoded/);
});

Deno.test("SpanPrinter writes the spans of one turn together", async () => {
  const { printer, print, out } = capture({ mode: "json" });
  for (let i = 0; i < 23; i++) print({});
  await printer.flush();
  equal(out.writes, 1);
  equal(out.text.split("\n").length, 24);
});

Deno.test("SpanPrinter bounds what waits for a slow stdout, and counts what it leaves out", async () => {
  const gate = Promise.withResolvers<void>();
  let text = "";
  const { printer, print, logged } = capture({
    mode: "json",
    maxPendingBytes: 1_009,
    write: async (bytes) => {
      await gate.promise;
      text += new TextDecoder().decode(bytes);
    },
  });
  for (let i = 0; i < 101; i++) {
    print({});
    await Promise.resolve();
  }
  const { printed, dropped, waiting } = printer.stats();
  deepEqual([printed, dropped + waiting], [0, 101]);
  equal(dropped > 50, true);
  gate.resolve();
  await printer.flush();
  match(logged.join(""), new RegExp(`stdout is too slow.* spans=${dropped}`));
  equal(text.split("\n").length - 1, waiting);
  print({});
  await printer.flush();
  deepEqual(printer.stats(), { printed: waiting + 1, dropped, summarized: 0, waiting: 0 });
});

Deno.test("SpanPrinter stops, says so once, and counts, when stdout is closed", async () => {
  const { printer, print, logged } = capture({
    write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
  });
  print({}, {});
  await printer.flush();
  print({});
  await printer.flush();
  deepEqual(printer.stats(), { printed: 0, dropped: 3, summarized: 0, waiting: 0 });
  equal(logged.length, 1);
  match(logged[0]!, /stdout is closed.*gone/);
});
