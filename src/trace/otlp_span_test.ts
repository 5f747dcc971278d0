import { deepEqual, equal, throws } from "node:assert/strict";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { encodeMessage, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { spanToJson } from "./otlp_json.ts";
import { decodeSpan } from "./otlp_span.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

const FULL = encodeMessage("Span", {
  traceId: Uint8Array.fromHex(TRACE_ID),
  spanId: Uint8Array.fromHex(SPAN_ID),
  traceState: "a=1,b=2",
  parentSpanId: Uint8Array.fromHex("00f067aa0ba902b7"),
  flags: 0x301,
  name: "GET /{id}",
  kind: 3,
  startTimeUnixNano: "1700000000123456789",
  endTimeUnixNano: "1700000001123456790",
  attributes: [
    { key: "text", value: { stringValue: "é" } },
    { key: "int", value: { intValue: "9007199254740993" } },
    { key: "negative", value: { intValue: -1 } },
    { key: "yes", value: { boolValue: true } },
    { key: "double", value: { doubleValue: 1.5 } },
    { key: "array", value: { arrayValue: { values: [{ stringValue: "x" }, { intValue: 7 }] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { stringValue: "v" } }] } } },
    { key: "bytes", value: { bytesValue: new Uint8Array([1, 2, 3]) } },
    { key: "empty" },
  ],
  droppedAttributesCount: 2,
  events: [{
    timeUnixNano: "1700000000200000000",
    name: "panic",
    attributes: [{ key: "k", value: { stringValue: "v" } }],
    droppedAttributesCount: 3,
  }],
  droppedEventsCount: 4,
  links: [{
    traceId: Uint8Array.fromHex(TRACE_ID),
    spanId: Uint8Array.fromHex(SPAN_ID),
    traceState: "c=3",
    attributes: [],
    droppedAttributesCount: 5,
    flags: 1,
  }],
  droppedLinksCount: 6,
  status: { code: 2, message: "refused" },
});

Deno.test("decodeSpan() reads every field that protobufjs wrote", () => {
  deepEqual(decodeSpan(FULL), {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceState: "a=1,b=2",
    parentSpanId: "00f067aa0ba902b7",
    flags: 0x301,
    name: "GET /{id}",
    kind: SpanKind.CLIENT,
    startTimeUnixNano: 1700000000123456789n,
    endTimeUnixNano: 1700000001123456790n,
    attributes: [
      { key: "text", value: "é" },
      { key: "int", value: 9007199254740993n },
      { key: "negative", value: -1n },
      { key: "yes", value: true },
      { key: "double", value: 1.5 },
      { key: "array", value: ["x", 7n] },
      { key: "map", value: { keyValues: [{ key: "k", value: "v" }] } },
      { key: "bytes", value: new Uint8Array([1, 2, 3]) },
      { key: "empty", value: null },
    ],
    droppedAttributesCount: 2,
    events: [{
      timeUnixNano: 1700000000200000000n,
      name: "panic",
      attributes: [{ key: "k", value: "v" }],
      droppedAttributesCount: 3,
    }],
    droppedEventsCount: 4,
    links: [{
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      traceState: "c=3",
      attributes: [],
      droppedAttributesCount: 5,
      flags: 1,
    }],
    droppedLinksCount: 6,
    status: { code: SpanStatusCode.ERROR, message: "refused" },
  });
});

Deno.test("spanToJson() writes OTLP JSON: hex ids, 64-bit integers as strings, enums as numbers", () => {
  const json = JSON.parse(JSON.stringify(spanToJson(decodeSpan(FULL))));
  equal(json.traceId, TRACE_ID);
  equal(json.kind, 3);
  equal(json.startTimeUnixNano, "1700000000123456789");
  deepEqual(json.status, { code: 2, message: "refused" });
  deepEqual(json.attributes, [
    { key: "text", value: { stringValue: "é" } },
    { key: "int", value: { intValue: "9007199254740993" } },
    { key: "negative", value: { intValue: "-1" } },
    { key: "yes", value: { boolValue: true } },
    { key: "double", value: { doubleValue: 1.5 } },
    { key: "array", value: { arrayValue: { values: [{ stringValue: "x" }, { intValue: "7" }] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { stringValue: "v" } }] } } },
    { key: "bytes", value: { bytesValue: "AQID" } },
    { key: "empty", value: {} },
  ]);
  deepEqual(json.events[0].timeUnixNano, "1700000000200000000");
  deepEqual(json.links[0].spanId, SPAN_ID);
});

Deno.test("decodeSpan() maps kinds between OTLP and the API", () => {
  const kinds = [0, 1, 2, 3, 4, 5, 99].map((kind) => decodeSpan(encodeSpan({ kind })).kind);
  const { INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER } = SpanKind;
  deepEqual(kinds, [INTERNAL, INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL]);
  equal(spanToJson(decodeSpan(encodeSpan({ kind: 2 })))["kind"], 2);
});

Deno.test("decodeSpan() refuses every cut of a span inside of a field, and crashes on none", () => {
  let refused = 0;
  for (let end = 0; end < FULL.length; end++) {
    try {
      decodeSpan(FULL.subarray(0, end));
    } catch (error) {
      equal(error instanceof RangeError, true, String(error));
      refused++;
    }
  }
  equal(refused > FULL.length * 0.9, true);
});

Deno.test("decodeSpan() ends with a span or a RangeError on damaged bytes", () => {
  for (let round = 0; round < 5_003; round++) {
    const bytes = FULL.slice();
    const at = crypto.getRandomValues(new Uint16Array(8));
    for (const index of at) bytes[index % bytes.length] = index >> 8;
    try {
      JSON.stringify(spanToJson(decodeSpan(bytes)));
    } catch (error) {
      equal(error instanceof RangeError, true, String(error));
    }
  }
});

Deno.test("decodeSpan() refuses values nested until the stack would end", () => {
  let value: Record<string, unknown> = { stringValue: "x" };
  for (let depth = 0; depth < 40; depth++) value = { arrayValue: { values: [value] } };
  const span = encodeMessage("Span", { attributes: [{ key: "k", value }] });
  throws(() => decodeSpan(span), { name: "RangeError", message: /nested more than 16 deep/ });
});
