import { deepEqual, equal, throws } from "node:assert/strict";
import { batchBytes, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { decodeSpan } from "./otlp_span.ts";
import { splitSpans, TRACE_ID_BYTES, TRACE_ID_OFFSET } from "./split.ts";

Deno.test("splitSpans() finds every span, whatever its length", () => {
  const names = ["a", "b".repeat(100), "c".repeat(20_011), "d".repeat(3_000_017)];
  const bytes = batchBytes(names.map((name) => encodeSpan({ name })));
  const slices = splitSpans(bytes);
  equal(slices.length, names.length);
  slices.forEach((slice, index) => {
    const span = decodeSpan(bytes.subarray(slice.start, slice.end));
    equal(span.name, names[index]);
    const at = slice.start + TRACE_ID_OFFSET;
    equal(bytes.subarray(at, at + TRACE_ID_BYTES).toHex(), span.traceId);
  });
  equal(slices[0]!.fieldStart, 0);
  slices.slice(1).forEach((slice, index) => equal(slice.fieldStart, slices[index]!.end));
});

Deno.test("splitSpans() yields nothing for an empty batch", () => {
  deepEqual(splitSpans(new Uint8Array()), []);
});

Deno.test("splitSpans() refuses cut and foreign bytes", () => {
  const bytes = batchBytes([encodeSpan()]);
  for (let end = 1; end < bytes.length; end++) throws(() => splitSpans(bytes.subarray(0, end)), RangeError);
  const f = (wrong: number[]) => throws(() => splitSpans(new Uint8Array(wrong)), RangeError);
  f([0x0a, 0]);
  f([0x12, 0]);
  f([0x12, 0xff, 0xff, 0xff, 0xff, 0x7f]);
  const foreign = bytes.slice();
  foreign[2] = 0x1a;
  throws(() => splitSpans(foreign), {
    message: "Cannot read span at byte 0 of a batch: it does not begin with its ids",
  });
});
