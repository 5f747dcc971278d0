/**
 * OTLP by an independent implementation (protobufjs on the message definitions below), so that tests check our
 * readers and writers against something that is not ours. Field numbers are those of opentelemetry-proto 1.x.
 */
import protobuf from "npm:protobufjs@8.8.1";

const SCHEMA = `
syntax = "proto3";
message AnyValue {
  oneof value {
    string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
  }
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope {
  string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4;
}
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
  string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
  message Event {
    fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3;
    uint32 dropped_attributes_count = 4;
  }
  repeated Event events = 11; uint32 dropped_events_count = 12;
  message Link {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5; fixed32 flags = 6;
  }
  repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15;
}
message Status { reserved 1; string message = 2; int32 code = 3; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
message Any { string type_url = 1; bytes value = 2; }
message RetryInfo { Duration retry_delay = 1; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
`;

const root = protobuf.parse(SCHEMA).root;

/** Messages of the schema above. */
export type MessageName =
  | "Span"
  | "ScopeSpans"
  | "Resource"
  | "ExportTraceServiceRequest"
  | "ExportTraceServiceResponse"
  | "RpcStatus"
  | "RetryInfo";

/** A message as protobufjs shows it: camelCase, ids in base64, 64-bit integers as strings, enums as numbers. */
export type Message = Record<string, unknown>;

/** Encodes `fields` (camelCase; byte fields as Uint8Array, 64-bit integers as strings or numbers). */
export function encodeMessage(name: MessageName, fields: Message): Uint8Array<ArrayBuffer> {
  const type = root.lookupType(name);
  return new Uint8Array(type.encode(type.fromObject(fields)).finish());
}

/** Decodes strictly: throws on bytes that are no such message. Absent fields are left out. */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Message {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: String, bytes: String });
}

/** What a test says about a span; the rest is filled in. */
export interface SpanFields {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  /** As OTLP numbers them: 2 server, 3 client. */
  kind?: number;
  startMs?: number;
  durationMs?: number;
  statusCode?: number;
  attributes?: Record<string, string | number>;
  more?: Message;
}

let lastId = 0;

/** An encoded Span that begins with its ids, as the decoders write it. */
export function encodeSpan(fields: SpanFields = {}): Uint8Array<ArrayBuffer> {
  const fresh = (++lastId).toString(16);
  // In two parts: nanoseconds since 1970 are more than a double holds.
  const startMs = fields.startMs ?? 1_700_000_000_000;
  const startNs = BigInt(Math.floor(startMs)) * 1_000_000n + BigInt(Math.round(startMs % 1 * 1e6));
  const endNs = startNs + BigInt(Math.round((fields.durationMs ?? 1) * 1e6));
  return encodeMessage("Span", {
    traceId: Uint8Array.fromHex(fields.traceId ?? fresh.padStart(32, "0")),
    spanId: Uint8Array.fromHex(fields.spanId ?? fresh.padStart(16, "0")),
    ...(fields.parentSpanId ? { parentSpanId: Uint8Array.fromHex(fields.parentSpanId) } : {}),
    name: fields.name ?? "GET /x",
    kind: fields.kind ?? 2,
    startTimeUnixNano: startNs.toString(),
    endTimeUnixNano: endNs.toString(),
    attributes: Object.entries(fields.attributes ?? {}).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: value } : { stringValue: value },
    })),
    ...(fields.statusCode ? { status: { code: fields.statusCode } } : {}),
    ...fields.more,
  });
}

/** Bytes of a `SpanBatch` (src/decoder/span_batch.ts). */
export function batchBytes(spans: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const writer = protobuf.Writer.create();
  for (const span of spans) writer.uint32(0x12).bytes(span);
  return new Uint8Array(writer.finish());
}
