import { deepEqual, equal, match } from "node:assert/strict";
import { batchBytes, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { createLogger } from "../support/log.ts";
import { SpanPrinter, type SpanPrinterOptions } from "./printer.ts";
import { createResource } from "./resource.ts";
import { splitSpans } from "./split.ts";

const RESOURCE = createResource({
  pid: 7,
  exe: "/bin/front",
  goVersion: null,
  environment: {},
  hostName: "h",
});
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function capture(options: Partial<SpanPrinterOptions> = {}) {
  const logged: string[] = [];
  const out = { text: "", writes: 0 };
  const printer = new SpanPrinter({
    mode: "text",
    log: createLogger({ write: (line) => logged.push(line) }),
    write: (bytes) => {
      out.text += new TextDecoder().decode(bytes);
      out.writes++;
      return Promise.resolve();
    },
    ...options,
  });
  const print = (...spans: SpanFields[]) => {
    const bytes = batchBytes(spans.map(encodeSpan));
    printer.print(RESOURCE, bytes, splitSpans(bytes));
    bytes.fill(0xff);
  };
  return { printer, print, out, logged };
}

Deno.test("SpanPrinter prints a line of text for each span", async () => {
  const { printer, print, out } = capture();
  print(
    { traceId: TRACE_ID, name: "GET /x", durationMs: 1523, attributes: { "http.response.status_code": 200 } },
    {
      traceId: TRACE_ID,
      name: "GET",
      kind: 3,
      durationMs: 0.25,
      statusCode: 2,
      attributes: { "error.type": "EOF" },
    },
  );
  await printer.flush();
  const lines = out.text.split("\n");
  equal(lines.length, 3);
  match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} front +server +GET \/x +200 +1\.52 s 0af76519$/);
  match(lines[1]!, /^\d\d:\d\d:\d\d\.\d{3} front +client +GET +EOF +250 µs 0af76519$/);
  equal(lines[0]!.indexOf("0af76519"), lines[1]!.indexOf("0af76519"));
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
  printer.print(RESOURCE, bytes, slices);
  await printer.flush();
  deepEqual(printer.stats(), { printed: 1, dropped: 1 });
  equal(out.text.split("\n").length, 2);
  match(logged[0]!, /span cannot be decoded/);
});

Deno.test("SpanPrinter writes the spans of one turn together", async () => {
  const { printer, print, out } = capture();
  for (let i = 0; i < 23; i++) print({});
  await printer.flush();
  equal(out.writes, 1);
  equal(out.text.split("\n").length, 24);
});

Deno.test("SpanPrinter bounds what waits for a slow stdout, and counts what it leaves out", async () => {
  const gate = Promise.withResolvers<void>();
  let text = "";
  const { printer, print, logged } = capture({
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
  const { printed, dropped } = printer.stats();
  equal(printed + dropped, 101);
  equal(dropped > 50, true);
  gate.resolve();
  await printer.flush();
  match(logged.join(""), new RegExp(`stdout is too slow.* spans=${dropped}`));
  equal(text.split("\n").length - 1, printed);
  print({});
  await printer.flush();
  equal(printer.stats().printed, printed + 1);
});

Deno.test("SpanPrinter stops, says so once, and counts, when stdout is closed", async () => {
  const { printer, print, logged } = capture({
    write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")),
  });
  print({}, {});
  await printer.flush();
  print({});
  await printer.flush();
  deepEqual(printer.stats(), { printed: 0, dropped: 3 });
  equal(logged.length, 1);
  match(logged[0]!, /stdout is closed.*gone/);
});
