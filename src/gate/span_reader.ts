/**
 * Reads the rows that a decoder writes: whether they are spans as the exporter passes them on, and what they say.
 * Stricter than readers of OTLP need to be. Used by the gate's checks and by the maker.
 * Field numbers: opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto.
 */
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from "../support/proto_reader.ts";

/** What a row says; "" or 0 where there is nothing. */
export interface RowSpan {
  readonly pid: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** null: a value that is neither text nor whole number. */
  readonly attributes: Readonly<Record<string, string | number | null>>;
  /** Status.code */
  readonly status: number;
  readonly flags: number;
}

/** Heads of a row: u32 pid, u32 bytes. */
const ROW_HEAD_BYTES = 8;
/** ScopeSpans.spans = 2. */
const SPANS_TAG = 2 << 3 | WIRE_BYTES;
/** How every span begins, with its trace id (16 bytes at 2) and span id (8 bytes at 20). */
const TRACE_ID_HEAD = [0x0a, 0x10];
const SPAN_ID_HEAD = [0x12, 0x08];

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * All spans of an output.
 *
 * @throws {RangeError | TypeError} when a row is no span; the message says at which byte of the output.
 */
export function readRows(output: Uint8Array): RowSpan[] {
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const spans: RowSpan[] = [];
  let at = 0;
  while (at < output.length) {
    const left = output.length - at - ROW_HEAD_BYTES;
    const bytes = left < 0 ? 0 : view.getUint32(at + 4, true);
    if (left < 0 || bytes > left) {
      throw new RangeError(`Cannot read row at byte ${at}: it ends beyond the output`);
    }
    const from = at + ROW_HEAD_BYTES;
    try {
      spans.push(readRow(output.subarray(from, from + bytes), view.getUint32(at, true)));
    } catch (cause) {
      throw new RangeError(`Cannot read row at byte ${at}: it is no span`, { cause });
    }
    at = from + bytes;
  }
  return spans;
}

function readRow(row: Uint8Array, pid: number): RowSpan {
  const reader = new ProtoReader(row);
  if (reader.tag() !== SPANS_TAG) throw new RangeError("the field is not ScopeSpans.spans");
  const bytes = reader.bytes();
  if (!reader.done) throw new RangeError("there are bytes behind the span");
  return readSpan(bytes, pid);
}

function readSpan(bytes: Uint8Array, pid: number): RowSpan {
  const begins = (at: number, head: readonly number[]) =>
    head.every((byte, index) => bytes[at + index] === byte);
  if (!begins(0, TRACE_ID_HEAD) || !begins(18, SPAN_ID_HEAD)) {
    throw new RangeError("it does not begin with trace id and span id");
  }
  const reader = new ProtoReader(bytes);
  const span = {
    pid,
    traceId: "",
    spanId: "",
    traceState: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    attributes: {} as Record<string, string | number | null>,
    status: 0,
    flags: 0,
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
        span.traceState = utf8.decode(reader.bytes());
        break;
      case 4 << 3 | WIRE_BYTES:
        span.parentSpanId = reader.bytes().toHex();
        break;
      case 5 << 3 | WIRE_BYTES:
        span.name = utf8.decode(reader.bytes());
        break;
      case 6 << 3 | WIRE_VARINT:
        span.kind = reader.uint32();
        break;
      case 7 << 3 | WIRE_FIXED64:
        span.startNs = reader.fixed64();
        break;
      case 8 << 3 | WIRE_FIXED64:
        span.endNs = reader.fixed64();
        break;
      case 9 << 3 | WIRE_BYTES:
        readAttribute(reader.message(), span.attributes);
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

/** message KeyValue { string key = 1; AnyValue value = 2; } */
function readAttribute(reader: ProtoReader, attributes: Record<string, string | number | null>): void {
  let key = "";
  let value: string | number | null = null;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_BYTES)) key = utf8.decode(reader.bytes());
    else if (tag === (2 << 3 | WIRE_BYTES)) value = readValue(reader.message());
    else reader.skip(tag);
  }
  if (key === "" || key in attributes) throw new RangeError(`attribute "${key}" is nameless or there twice`);
  attributes[key] = value;
}

/** message AnyValue { string string_value = 1; int64 int_value = 3; ... } */
function readValue(reader: ProtoReader): string | number | null {
  let value: string | number | null = null;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (1 << 3 | WIRE_BYTES)) value = utf8.decode(reader.bytes());
    else if (tag === (3 << 3 | WIRE_VARINT)) value = Number(reader.int64());
    else reader.skip(tag);
  }
  return value;
}

/** message Status { StatusCode code = 3; } */
function readStatus(reader: ProtoReader): number {
  let code = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (3 << 3 | WIRE_VARINT)) code = reader.uint32();
    else reader.skip(tag);
  }
  return code;
}
