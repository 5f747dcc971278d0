/**
 * Reads encoded spans back, strictly: unknown fields, fields out of order, text that is not UTF-8 and lengths that are
 * not in their shortest form all fail. Field numbers: opentelemetry/proto/trace/v1/trace.proto and common.proto.
 */
import type { SpanBatch } from "../../src/decoder/span_batch.ts";

export interface DecodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Status.code; 0 when there is no status. */
  readonly status: number;
  readonly flags: number;
}

export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;
export const STATUS_ERROR = 2;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Message {
  readonly #bytes: Uint8Array;
  #at = 0;
  #lastField = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Number and wire type of the next field. */
  field(): [number: number, type: number] {
    const tag = Number(this.varint());
    const number = tag >>> 3;
    if (number < this.#lastField) throw new Error(`field ${number} comes after ${this.#lastField}`);
    this.#lastField = number;
    return [number, tag & 7];
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 && shift > 0n) {
        throw new Error(`varint before byte ${this.#at} is longer than it needs to be`);
      }
      return value;
    }
    throw new Error("varint is too long");
  }

  bytes(): Uint8Array {
    return this.#take(Number(this.varint()));
  }

  text(): string {
    return utf8.decode(this.bytes());
  }

  fixed64(): bigint {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  fixed32(): number {
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      throw new Error(`field ends beyond the message at byte ${this.#at}`);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function readValue(bytes: Uint8Array): string | number {
  const message = new Message(bytes);
  const [number] = message.field();
  const value = number === 1 ? message.text() : number === 3 ? Number(message.varint()) : null;
  if (value === null || !message.done) throw new Error(`value of an attribute has field ${number}`);
  return value;
}

function readAttribute(bytes: Uint8Array): [string, string | number] {
  const message = new Message(bytes);
  if (message.field()[0] !== 1) throw new Error("an attribute has no key");
  const key = message.text();
  if (message.field()[0] !== 2) throw new Error(`attribute ${key} has no value`);
  const value = readValue(message.bytes());
  if (!message.done) throw new Error(`attribute ${key} has more fields`);
  return [key, value];
}

/** The one message field that a status of ours has. */
function readStatus(bytes: Uint8Array): number {
  const message = new Message(bytes);
  if (message.field()[0] !== 3) throw new Error("a status has no code");
  return Number(message.varint());
}

export function readSpan(bytes: Uint8Array): DecodedSpan {
  const message = new Message(bytes);
  const span = {
    traceId: "",
    spanId: "",
    traceState: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    attributes: {} as Record<string, string | number>,
    status: 0,
    flags: 0,
  };
  while (!message.done) {
    const [number] = message.field();
    switch (number) {
      case 1:
        span.traceId = message.bytes().toHex();
        break;
      case 2:
        span.spanId = message.bytes().toHex();
        break;
      case 3:
        span.traceState = message.text();
        break;
      case 4:
        span.parentSpanId = message.bytes().toHex();
        break;
      case 5:
        span.name = message.text();
        break;
      case 6:
        span.kind = Number(message.varint());
        break;
      case 7:
        span.startNs = message.fixed64();
        break;
      case 8:
        span.endNs = message.fixed64();
        break;
      case 9: {
        const [key, value] = readAttribute(message.bytes());
        if (key in span.attributes) throw new Error(`attribute ${key} is there twice`);
        span.attributes[key] = value;
        break;
      }
      case 15:
        span.status = readStatus(message.bytes());
        break;
      case 16:
        span.flags = message.fixed32();
        break;
      default:
        throw new Error(`a span has field ${number}`);
    }
  }
  return span;
}

/** All spans of the batches; checks that each batch holds as many as it says. */
export function readBatches(batches: readonly SpanBatch[]): DecodedSpan[] {
  return batches.flatMap(({ count, bytes }) => {
    const message = new Message(bytes);
    const spans: DecodedSpan[] = [];
    while (!message.done) {
      const [number, type] = message.field();
      if (number !== 2 || type !== 2) throw new Error(`a batch has field ${number} of type ${type}`);
      spans.push(readSpan(message.bytes()));
    }
    if (spans.length !== count) throw new Error(`a batch says ${count} spans and has ${spans.length}`);
    return spans;
  });
}
