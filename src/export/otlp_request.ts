/**
 * Wraps encoded spans into an ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1 and trace/v1)
 * without touching them: lengths are computed first, then everything is copied once. Used by encodeRequests().
 */
import { ProtoWriter, varintBytes } from "../support/proto_writer.ts";
import { VERSION } from "../support/version.ts";
import { SCHEMA_URL, SCOPE_NAME } from "../trace/names.ts";
import type { Resource } from "../trace/resource.ts";
import type { QueueItem } from "./queue.ts";

/** ScopeSpans.scope = 1: message InstrumentationScope { string name = 1; string version = 2; } */
const SCOPE_FIELD = new ProtoWriter().bytesField(
  1,
  new ProtoWriter().stringField(1, SCOPE_NAME).stringField(2, VERSION).finish(),
).finish();
/** schema_url = 3 of both ResourceSpans and ScopeSpans. */
const SCHEMA_URL_FIELD = new ProtoWriter().stringField(3, SCHEMA_URL).finish();

/** ExportTraceServiceRequest.resource_spans = 1 and ResourceSpans.resource = 1. */
const TAG_1 = 0x0a;
/** ResourceSpans.scope_spans = 2. */
const TAG_2 = 0x12;

interface Group {
  readonly resource: Resource;
  readonly runs: Uint8Array[];
  scopeBytes: number;
  resourceBytes: number;
}

/** A request and how many spans are in it. */
export interface EncodedSpans {
  readonly spans: number;
  readonly message: Uint8Array<ArrayBuffer>;
}

/** The request for `items`, with one ResourceSpans for each resource. */
export function encodeRequest(items: readonly QueueItem[]): EncodedSpans {
  const groups = new Map<Resource, Group>();
  let spans = 0;
  for (const { resource, count, bytes } of items) {
    spans += count;
    let group = groups.get(resource);
    if (group === undefined) {
      group = {
        resource,
        runs: [],
        scopeBytes: SCOPE_FIELD.length + SCHEMA_URL_FIELD.length,
        resourceBytes: 0,
      };
      groups.set(resource, group);
    }
    group.runs.push(bytes);
    group.scopeBytes += bytes.length;
  }
  let total = 0;
  for (const group of groups.values()) {
    group.resourceBytes = fieldBytes(group.resource.encoded.length) + fieldBytes(group.scopeBytes) +
      SCHEMA_URL_FIELD.length;
    total += fieldBytes(group.resourceBytes);
  }
  const message = new Uint8Array(total);
  let at = 0;
  const open = (tag: number, length: number) => {
    message[at++] = tag;
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) message[at++] = rest & 0x7f | 0x80;
    message[at++] = rest;
  };
  const copy = (bytes: Uint8Array) => {
    message.set(bytes, at);
    at += bytes.length;
  };
  for (const { resource, runs, scopeBytes, resourceBytes } of groups.values()) {
    open(TAG_1, resourceBytes);
    open(TAG_1, resource.encoded.length);
    copy(resource.encoded);
    open(TAG_2, scopeBytes);
    copy(SCOPE_FIELD);
    runs.forEach(copy);
    copy(SCHEMA_URL_FIELD);
    copy(SCHEMA_URL_FIELD);
  }
  return { spans, message };
}

/** A length-delimited field with a tag of one byte. */
function fieldBytes(length: number): number {
  return 1 + varintBytes(length) + length;
}
