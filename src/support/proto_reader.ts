/**
 * Reads protobuf wire format without copying. Used by src/trace for spans and by src/export for answers of a
 * collector; both may be hostile, so every length is checked against the message that holds it.
 */

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

const decoder = new TextDecoder();

/** A cursor over one message. Every method throws a RangeError rather than read beyond its end. */
export class ProtoReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    if (start < 0 || end > bytes.length || start > end) {
      throw new RangeError(`Cannot read message: range ${start}..${end} is outside of ${bytes.length} bytes`);
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Offset of the next byte in the array that the constructor took. */
  get position(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The next field's tag: number << 3 | wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag >>> 3 === 0) throw new RangeError(`Cannot read message: field number is 0 at byte ${this.#at}`);
    return tag;
  }

  /** A varint's low 32 bits, unsigned. */
  uint32(): number {
    let low = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      if (shift < 32) low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low >>> 0;
    }
    throw new RangeError(`Cannot read message: varint before byte ${this.#at} is longer than 10 bytes`);
  }

  /** A varint as the int64 it encodes. */
  int64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new RangeError(`Cannot read message: varint before byte ${this.#at} is longer than 10 bytes`);
  }

  fixed32(): number {
    const at = this.#take(4);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 4).getUint32(0, true);
  }

  fixed64(): bigint {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getBigUint64(0, true);
  }

  double(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true);
  }

  /** A length-delimited field's content, as a view of the input. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A length-delimited field as text; bytes that are not UTF-8 become U+FFFD. */
  string(): string {
    return decoder.decode(this.bytes());
  }

  /** A reader of a length-delimited field's content; this one moves behind it. */
  message(): ProtoReader {
    const length = this.uint32();
    const at = this.#take(length);
    return new ProtoReader(this.#bytes, at, at + length);
  }

  /** Passes over the value of a field of the given tag. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE_VARINT:
        this.uint32();
        break;
      case WIRE_FIXED64:
        this.#take(8);
        break;
      case WIRE_BYTES:
        this.#take(this.uint32());
        break;
      case WIRE_FIXED32:
        this.#take(4);
        break;
      default:
        throw new RangeError(`Cannot read message: wire type is ${tag & 7} at byte ${this.#at}`);
    }
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) {
      throw new RangeError(
        `Cannot read message: field of ${length} bytes at byte ${at} ends beyond ${this.#end}`,
      );
    }
    this.#at = at + length;
    return at;
  }
}
