/**
 * One Span as bytes (opentelemetry/proto/trace/v1/trace.proto) turned into a plain object, for those who show it.
 * Bytes are checked throughout; what is unknown is passed over.
 */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from "../support/proto_reader.ts";
import { type Attribute, readAttribute } from "./attributes.ts";

/** A decoded span. Ids are lower-case hex, "" where absent. */
export interface Span {
  traceId: string;
  spanId: string;
  traceState: string;
  parentSpanId: string;
  /** W3C trace flags, and 0x100/0x200 for a known/remote parent. */
  flags: number;
  name: string;
  kind: SpanKind;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: Attribute[];
  droppedAttributesCount: number;
  events: SpanEvent[];
  droppedEventsCount: number;
  links: SpanLink[];
  droppedLinksCount: number;
  status: { code: SpanStatusCode; message: string };
}

export interface SpanEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: Attribute[];
  droppedAttributesCount: number;
}

export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: Attribute[];
  droppedAttributesCount: number;
  flags: number;
}

/**
 * Decodes one Span message.
 *
 * @throws {RangeError} when a field ends beyond the message.
 */
export function decodeSpan(bytes: Uint8Array): Span {
  const reader = new ProtoReader(bytes);
  const span: Span = {
    traceId: "",
    spanId: "",
    traceState: "",
    parentSpanId: "",
    flags: 0,
    name: "",
    kind: SpanKind.INTERNAL,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: SpanStatusCode.UNSET, message: "" },
  };
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | WIRE_BYTES:
        span.traceId = reader.bytes().toHex();
        break;
      case 2 << 3 | WIRE_BYTES:
        span.spanId = reader.bytes().toHex();
        break;
      case 3 << 3 | WIRE_BYTES:
        span.traceState = reader.string();
        break;
      case 4 << 3 | WIRE_BYTES:
        span.parentSpanId = reader.bytes().toHex();
        break;
      case 5 << 3 | WIRE_BYTES:
        span.name = reader.string();
        break;
      case 6 << 3 | WIRE_VARINT:
        span.kind = kindFromOtlp(reader.uint32());
        break;
      case 7 << 3 | WIRE_FIXED64:
        span.startTimeUnixNano = reader.fixed64();
        break;
      case 8 << 3 | WIRE_FIXED64:
        span.endTimeUnixNano = reader.fixed64();
        break;
      case 9 << 3 | WIRE_BYTES:
        span.attributes.push(readAttribute(reader.message()));
        break;
      case 10 << 3 | WIRE_VARINT:
        span.droppedAttributesCount = reader.uint32();
        break;
      case 11 << 3 | WIRE_BYTES:
        span.events.push(readEvent(reader.message()));
        break;
      case 12 << 3 | WIRE_VARINT:
        span.droppedEventsCount = reader.uint32();
        break;
      case 13 << 3 | WIRE_BYTES:
        span.links.push(readLink(reader.message()));
        break;
      case 14 << 3 | WIRE_VARINT:
        span.droppedLinksCount = reader.uint32();
        break;
      case 15 << 3 | WIRE_BYTES:
        span.status = readStatus(reader.message());
        break;
      case 16 << 3 | WIRE_FIXED32:
        span.flags = reader.fixed32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return span;
}

/** OTLP numbers kinds from 1 and keeps 0 for "unspecified", which counts as internal. */
export function kindToOtlp(kind: SpanKind): number {
  return kind + 1;
}

function kindFromOtlp(kind: number): SpanKind {
  return kind >= 1 && kind <= 5 ? kind - 1 : SpanKind.INTERNAL;
}

function readEvent(reader: ProtoReader): SpanEvent {
  const event: SpanEvent = { timeUnixNano: 0n, name: "", attributes: [], droppedAttributesCount: 0 };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_FIXED64)) event.timeUnixNano = reader.fixed64();
    else if (tag === (2 << 3 | WIRE_BYTES)) event.name = reader.string();
    else if (tag === (3 << 3 | WIRE_BYTES)) event.attributes.push(readAttribute(reader.message()));
    else if (tag === (4 << 3 | WIRE_VARINT)) event.droppedAttributesCount = reader.uint32();
    else reader.skip(tag);
  }
  return event;
}

function readLink(reader: ProtoReader): SpanLink {
  const link: SpanLink = {
    traceId: "",
    spanId: "",
    traceState: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_BYTES)) link.traceId = reader.bytes().toHex();
    else if (tag === (2 << 3 | WIRE_BYTES)) link.spanId = reader.bytes().toHex();
    else if (tag === (3 << 3 | WIRE_BYTES)) link.traceState = reader.string();
    else if (tag === (4 << 3 | WIRE_BYTES)) link.attributes.push(readAttribute(reader.message()));
    else if (tag === (5 << 3 | WIRE_VARINT)) link.droppedAttributesCount = reader.uint32();
    else if (tag === (6 << 3 | WIRE_FIXED32)) link.flags = reader.fixed32();
    else reader.skip(tag);
  }
  return link;
}

/** message Status { reserved 1; string message = 2; StatusCode code = 3; } */
function readStatus(reader: ProtoReader): Span["status"] {
  const status = { code: SpanStatusCode.UNSET, message: "" };
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (2 << 3 | WIRE_BYTES)) {
      status.message = reader.string();
    } else if (tag === (3 << 3 | WIRE_VARINT)) {
      const code = reader.uint32();
      if (code <= SpanStatusCode.ERROR) status.code = code;
    } else {
      reader.skip(tag);
    }
  }
  return status;
}
