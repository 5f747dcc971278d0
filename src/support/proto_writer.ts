/** Writes protobuf wire format into a growing buffer. Used for the few messages that are not hot: resources, scopes. */
import { WIRE_BYTES, WIRE_VARINT } from "./proto_reader.ts";

const encoder = new TextEncoder();

/** Appends fields; `finish()` yields the message. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  varint(value: number | bigint): this {
    let rest = BigInt.asUintN(64, BigInt(value));
    do {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      this.#push(rest === 0n ? low : low | 0x80);
    } while (rest !== 0n);
    return this;
  }

  uint64Field(field: number, value: number | bigint): this {
    return this.varint(field << 3 | WIRE_VARINT).varint(value);
  }

  bytesField(field: number, value: Uint8Array): this {
    return this.varint(field << 3 | WIRE_BYTES).varint(value.length).raw(value);
  }

  /** Fields that are encoded already. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  stringField(field: number, value: string): this {
    return this.bytesField(field, encoder.encode(value));
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #push(byte: number) {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(more: number) {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Bytes that `value` takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
