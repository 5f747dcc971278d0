/** Encoded spans as an ExportTraceServiceRequest in OTLP's JSON form. Used by encodeRequests() for http/json. */
import { VERSION } from "../support/version.ts";
import { SCHEMA_URL, SCOPE_NAME } from "../trace/names.ts";
import { attributesToJson, type Json, spanToJson } from "../trace/otlp_json.ts";
import { decodeSpan } from "../trace/otlp_span.ts";
import { splitSpans } from "../trace/split.ts";
import type { EncodedSpans } from "./otlp_request.ts";
import type { QueueItem } from "./queue.ts";

const encoder = new TextEncoder();

/** The request for `items`, with one ResourceSpans for each resource; spans that cannot be read are left out. */
export function encodeJsonRequest(items: readonly QueueItem[]): EncodedSpans {
  let count = 0;
  const resourceSpans = [...Map.groupBy(items, ({ resource }) => resource)].map(([resource, group]) => {
    const spans = group.flatMap(({ bytes }) => readSpans(bytes));
    count += spans.length;
    return {
      resource: { attributes: attributesToJson(resource.attributes) },
      scopeSpans: [{ scope: { name: SCOPE_NAME, version: VERSION }, spans, schemaUrl: SCHEMA_URL }],
      schemaUrl: SCHEMA_URL,
    };
  });
  return { spans: count, message: encoder.encode(JSON.stringify({ resourceSpans })) };
}

function readSpans(bytes: Uint8Array): Json[] {
  return splitSpans(bytes).flatMap(({ start, end }) => {
    try {
      return [spanToJson(decodeSpan(bytes.subarray(start, end)))];
    } catch {
      return [];
    }
  });
}
