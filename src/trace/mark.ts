/** Puts one more attribute on finished spans. Used by the composition root for spans that a nearest decoder made. */
import { ProtoReader } from "../support/proto_reader.ts";
import { ProtoWriter } from "../support/proto_writer.ts";
import { writeAttribute } from "./attributes.ts";

/** ScopeSpans.spans and Span.attributes of opentelemetry/proto/trace/v1/trace.proto. */
const SCOPE_SPANS_SPANS = 2;
const SPAN_ATTRIBUTES = 9;

/**
 * A run of spans as in `SpanBatch.bytes`, with the attribute behind those that each span has.
 *
 * @throws {RangeError} when the bytes are no such run.
 */
export function markSpans(bytes: Uint8Array, key: string, value: string): Uint8Array<ArrayBuffer> {
  const attribute = writeAttribute(key, value);
  const reader = new ProtoReader(bytes);
  const writer = new ProtoWriter();
  while (!reader.done) {
    const tag = reader.tag();
    if (tag >>> 3 !== SCOPE_SPANS_SPANS) {
      throw new RangeError(`Cannot mark spans: field is ${tag >>> 3}, must be 2`);
    }
    const span = reader.bytes();
    const marked = new ProtoWriter().raw(span).bytesField(SPAN_ATTRIBUTES, attribute).finish();
    writer.bytesField(SCOPE_SPANS_SPANS, marked);
  }
  return writer.finish();
}
