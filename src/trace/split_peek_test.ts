import { deepEqual, throws } from "node:assert/strict";
import { encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { decodeSpan } from "./otlp_span.ts";
import { peekSpan } from "./split_peek.ts";

Deno.test("peekSpan() reads what decodeSpan() reads", () => {
  const f = (fields: SpanFields, localParentId: string | null, failed: boolean) => {
    const bytes = encodeSpan({ attributes: { "http.route": "/x", n: 7 }, ...fields });
    const { traceId, spanId, startTimeUnixNano: startNs, endTimeUnixNano: endNs } = decodeSpan(bytes);
    deepEqual(peekSpan(bytes), { traceId, spanId, localParentId, startNs, endNs, failed });
  };
  const parentSpanId = "01".repeat(8);
  f({}, null, false);
  f({ statusCode: 1, more: { flags: 0x101 } }, null, false);
  f({ parentSpanId, statusCode: 2, more: { flags: 0x101 } }, parentSpanId, true);
  f({ parentSpanId, more: { flags: 0x301 } }, null, false);
  f({ parentSpanId, more: { status: { message: "no", code: 2 } } }, parentSpanId, true);
});

Deno.test("peekSpan() refuses what is cut", () => {
  const bytes = encodeSpan({ statusCode: 2 });
  throws(() => peekSpan(bytes.subarray(0, bytes.length - 1)), RangeError);
});
