/**
 * Spans and resources in OTLP's JSON form (opentelemetry-proto, docs/specification "JSON Protobuf Encoding"):
 * ids in hex, 64-bit integers as strings, enums as numbers. Used by the printer and the status API.
 */
import type { Attribute, AttributeValue } from "./attributes.ts";
import { kindToOtlp, type Span } from "./otlp_span.ts";

/** A value that JSON.stringify takes as it is. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export function spanToJson(span: Span): { [key: string]: Json } {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: span.parentSpanId,
    flags: span.flags,
    name: span.name,
    kind: kindToOtlp(span.kind),
    startTimeUnixNano: span.startTimeUnixNano.toString(),
    endTimeUnixNano: span.endTimeUnixNano.toString(),
    attributes: attributesToJson(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      timeUnixNano: event.timeUnixNano.toString(),
      name: event.name,
      attributes: attributesToJson(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount,
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map((link) => ({ ...link, attributes: attributesToJson(link.attributes) })),
    droppedLinksCount: span.droppedLinksCount,
    status: {
      code: span.status.code,
      ...(span.status.message !== "" ? { message: span.status.message } : {}),
    },
  };
}

export function attributesToJson(attributes: readonly Attribute[]): Json[] {
  return attributes.map(({ key, value }) => ({ key, value: valueToJson(value) }));
}

function valueToJson(value: AttributeValue): { [key: string]: Json } {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "bigint") return { intValue: value.toString() };
  if (typeof value === "number") return { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (value instanceof Uint8Array) return { bytesValue: value.toBase64() };
  if ("keyValues" in value) return { kvlistValue: { values: attributesToJson(value.keyValues) } };
  return { arrayValue: { values: value.map(valueToJson) } };
}
