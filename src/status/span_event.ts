/** Finished spans as events. Used by the composition root, which pushes every batch of the decoders into it. */
import type { SpanBatch } from "../decoder/span_batch.ts";
import { durationNs, isError } from "../trace/format.ts";
import { decodeSpan } from "../trace/otlp_span.ts";
import type { Resource } from "../trace/resource.ts";
import { splitSpans } from "../trace/split.ts";
import { httpFacts, KIND_NAMES } from "../trace/trace.ts";
import type { EventHub } from "./events.ts";
import type { SpanEvent } from "./model.ts";

/**
 * Tells those who listen; only spans that a client gets are decoded.
 *
 * @throws {RangeError} when the batch is no run of spans.
 */
export function publishSpans(
  hub: Pick<EventHub, "hasListeners" | "publish">,
  resource: Resource,
  { bytes }: Pick<SpanBatch, "bytes">,
): void {
  if (!hub.hasListeners("span")) return;
  for (const { start, end } of splitSpans(bytes)) {
    hub.publish("span", () => spanEvent(resource, bytes.subarray(start, end)));
  }
}

function spanEvent({ serviceName }: Resource, bytes: Uint8Array): SpanEvent {
  const span = decodeSpan(bytes);
  const { method, route, status } = httpFacts(span.attributes);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: serviceName,
    kind: KIND_NAMES[span.kind],
    name: span.name,
    method,
    route,
    status,
    error: isError(span),
    startTimeUnixNano: span.startTimeUnixNano.toString(),
    durationNs: durationNs(span),
  };
}
