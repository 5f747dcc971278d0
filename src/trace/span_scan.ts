/**
 * Reads from an encoded span just what a search needs, without objects for the rest: the store looks at every span
 * that it holds. Bytes may be malformed; then what was read until there counts. Used by TraceIndex and TraceStore.
 */
import { WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from "../support/proto_reader.ts";
import { HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE } from "./names.ts";

const encoder = new TextEncoder();
const METHOD = encoder.encode(HTTP_REQUEST_METHOD);
const ROUTE = encoder.encode(HTTP_ROUTE);
const STATUS = encoder.encode(HTTP_RESPONSE_STATUS_CODE);

/** Fields of message Span (opentelemetry/proto/trace/v1/trace.proto). */
const SPAN_NAME = 5;
const SPAN_START = 7;
const SPAN_END = 8;
const SPAN_ATTRIBUTES = 9;
const SPAN_STATUS = 15;
const STATUS_CODE_ERROR = 2;
const TWO_TO_32 = 2 ** 32;

/** Walks the fields of the message in `bytes` from `start` to `end`. */
class Fields {
  field = 0;
  wireType = 0;
  /** Of a varint: its low 32 bits. Of a length-delimited field: where its content begins. Else where its bytes begin. */
  value = 0;
  /** Behind the field. */
  at = 0;
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;

  over(bytes: Uint8Array, start: number, end: number): this {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
    return this;
  }

  /** False at the end, and where the bytes are no message. */
  next(): boolean {
    if (this.at >= this.#end) return false;
    const tag = this.#varint();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.wireType === WIRE_VARINT) {
      this.value = this.#varint();
    } else if (this.wireType === WIRE_BYTES) {
      const length = this.#varint();
      this.value = this.at;
      this.at += length;
    } else if (this.wireType === WIRE_FIXED64 || this.wireType === WIRE_FIXED32) {
      this.value = this.at;
      this.at += this.wireType === WIRE_FIXED64 ? 8 : 4;
    } else {
      return false;
    }
    return this.at <= this.#end && this.field > 0;
  }

  /** Runs beyond the end of what is malformed, which next() finds out. */
  #varint(): number {
    let low = 0;
    for (let shift = 0; this.at < this.#end; shift += 7) {
      const byte = this.#bytes[this.at++]!;
      if (shift < 32) low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low >>> 0;
    }
    this.at = this.#end + 1;
    return 0;
  }
}

const span = new Fields();
const inner = new Fields();
const any = new Fields();

/** What a search asks of a span. One object serves for all spans, so it is to be read at once. */
export interface ScannedSpan {
  /** Where the text lies in the bytes; from = to where there is none. */
  methodFrom: number;
  methodTo: number;
  routeFrom: number;
  routeTo: number;
  /** 0 where there is none. */
  status: number;
  failed: boolean;
  /** Nanoseconds after `baseNs`. */
  startNs: number;
  endNs: number;
}

export function newScannedSpan(): ScannedSpan {
  return {
    methodFrom: 0,
    methodTo: 0,
    routeFrom: 0,
    routeTo: 0,
    status: 0,
    failed: false,
    startNs: 0,
    endNs: 0,
  };
}

/** Fills `into` from the span between `start` and `end`. Times are exact up to a hundred days from `baseNs`. */
export function scanSpan(
  bytes: Uint8Array,
  { start, end, baseNs, into }: { start: number; end: number; baseNs: bigint; into: ScannedSpan },
): void {
  into.methodFrom =
    into.methodTo =
    into.routeFrom =
    into.routeTo =
    into.status =
      0;
  into.startNs = into.endNs = 0;
  into.failed = false;
  span.over(bytes, start, end);
  while (span.next()) {
    const { field, wireType, value, at } = span;
    if (field === SPAN_ATTRIBUTES && wireType === WIRE_BYTES) {
      scanAttribute(bytes, { start: value, end: at, into });
    } else if (field === SPAN_START && wireType === WIRE_FIXED64) into.startNs = since(bytes, value, baseNs);
    else if (field === SPAN_END && wireType === WIRE_FIXED64) into.endNs = since(bytes, value, baseNs);
    else if (field === SPAN_STATUS && wireType === WIRE_BYTES) into.failed = isFailed(bytes, value, at);
  }
}

/** message KeyValue { string key = 1; AnyValue value = 2; } */
function scanAttribute(
  bytes: Uint8Array,
  { start, end, into }: { start: number; end: number; into: ScannedSpan },
): void {
  let name: Uint8Array | null = null;
  inner.over(bytes, start, end);
  while (inner.next()) {
    if (inner.wireType !== WIRE_BYTES) continue;
    if (inner.field === 1) {
      name = nameAt(bytes, inner.value, inner.at);
      if (name === null) return;
    } else if (inner.field === 2 && name !== null) {
      any.over(bytes, inner.value, inner.at);
      while (any.next()) {
        if (name === STATUS && any.field === 3 && any.wireType === WIRE_VARINT) into.status = any.value;
        if (any.field !== 1 || any.wireType !== WIRE_BYTES) continue;
        if (name === METHOD) [into.methodFrom, into.methodTo] = [any.value, any.at];
        if (name === ROUTE) [into.routeFrom, into.routeTo] = [any.value, any.at];
      }
    }
  }
}

function nameAt(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  const length = end - start;
  const name = length === METHOD.length ? METHOD : length === ROUTE.length ? ROUTE : STATUS;
  if (length !== name.length) return null;
  for (let index = 0; index < length; index++) if (bytes[start + index] !== name[index]) return null;
  return name;
}

function isFailed(bytes: Uint8Array, start: number, end: number): boolean {
  inner.over(bytes, start, end);
  while (inner.next()) {
    if (inner.field === 3 && inner.wireType === WIRE_VARINT) return inner.value === STATUS_CODE_ERROR;
  }
  return false;
}

/** The fixed64 at `at`, less `baseNs`, without a BigInt for each. */
function since(bytes: Uint8Array, at: number, baseNs: bigint): number {
  const high = uint32(bytes, at + 4) - Number(baseNs >> 32n);
  return high * TWO_TO_32 + (uint32(bytes, at) - Number(baseNs & 0xffffffffn));
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

/** What textIn() seeks: letters of ASCII match in either case. */
export function needleOf(text: string): Uint8Array {
  return encoder.encode(text.toLowerCase());
}

/** Whether the span's name or the text of one of its attributes holds `needle`. */
export function textIn(
  bytes: Uint8Array,
  { start, end, needle }: { start: number; end: number; needle: Uint8Array },
): boolean {
  span.over(bytes, start, end);
  while (span.next()) {
    if (span.wireType !== WIRE_BYTES) continue;
    if (span.field === SPAN_NAME && holds(bytes, { start: span.value, end: span.at, needle })) return true;
    if (span.field !== SPAN_ATTRIBUTES) continue;
    inner.over(bytes, span.value, span.at);
    while (inner.next()) {
      if (inner.field !== 2 || inner.wireType !== WIRE_BYTES) continue;
      any.over(bytes, inner.value, inner.at);
      while (any.next()) {
        const isText = any.field === 1 && any.wireType === WIRE_BYTES;
        if (isText && holds(bytes, { start: any.value, end: any.at, needle })) return true;
      }
    }
  }
  return false;
}

function holds(
  bytes: Uint8Array,
  { start, end, needle }: { start: number; end: number; needle: Uint8Array },
): boolean {
  for (let from = start; from + needle.length <= end; from++) {
    let index = 0;
    while (index < needle.length && lower(bytes[from + index]!) === needle[index]) index++;
    if (index === needle.length) return true;
  }
  return false;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
