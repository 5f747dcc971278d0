/**
 * Bounds-checked little-endian reads from untrusted bytes. Used by every parser of this folder: a read
 * outside the bytes is a refusal of the executable, never an exception of the engine.
 */
import { corrupt } from "./refusal.ts";

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** A view of one piece of an executable, named for messages. */
export class Bytes {
  readonly length: number;
  readonly #view: DataView;

  constructor(readonly data: Uint8Array, readonly name: string) {
    this.length = data.length;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /** A 64-bit number; one beyond 2^53 is no offset, size or address of a Linux program and is refused. */
  u64(offset: number): number {
    this.#check(offset, 8);
    const high = this.#view.getUint32(offset + 4, true);
    if (high >= 0x20_0000) {
      throw corrupt(`${this.name} holds a number beyond 2^53 at ${offset}`);
    }
    return high * 0x1_0000_0000 + this.#view.getUint32(offset, true);
  }

  /** Like `u64`, but a number beyond 2^53 reads as `null`. */
  word(offset: number): number | null {
    this.#check(offset, 8);
    const high = this.#view.getUint32(offset + 4, true);
    return high >= 0x20_0000 ? null : high * 0x1_0000_0000 + this.#view.getUint32(offset, true);
  }

  /** The bytes from `offset`, without a copy. */
  slice(offset: number, length: number): Uint8Array {
    this.#check(offset, length);
    return this.data.subarray(offset, offset + length);
  }

  /** UTF-8 text of known length. */
  text(offset: number, length: number): string {
    return TEXT.decode(this.slice(offset, length));
  }

  /** NUL-terminated text of at most `limit` bytes. */
  cstring(offset: number, limit: number): string {
    this.#check(offset, 0);
    const end = this.data.subarray(offset, offset + limit).indexOf(0);
    if (end < 0) {
      throw corrupt(`${this.name} has no end of the text at ${offset}`);
    }
    return this.text(offset, end);
  }

  #check(offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.length)) {
      throw corrupt(`${this.name} ends at ${this.length}, needed ${length} bytes at ${offset}`);
    }
  }
}

/** First place of `wanted` in `data` at or after `from`, where places are multiples of `align`; or -1. */
export function findAligned(data: Uint8Array, wanted: Uint8Array, align: number, from = 0): number {
  const first = wanted[0] ?? 0;
  let at = data.indexOf(first, from);
  while (at >= 0 && at + wanted.length <= data.length) {
    if (at % align === 0 && wanted.every((byte, i) => data[at + i] === byte)) {
      return at;
    }
    at = data.indexOf(first, at + 1);
  }
  return -1;
}
