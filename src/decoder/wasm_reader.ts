/**
 * Reads a WebAssembly module byte by byte within bounds. Used by harden.ts, fuel.ts and opcodes.ts, whose input is
 * hostile. Format: WebAssembly core specification, chapter 5, binary format.
 */
import { HardenError } from "./harden_error.ts";

const MAX_U32_BYTES = 5;
const MAX_S64_BYTES = 10;

/** A place in a module and the end that it must not pass. */
export class WasmReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw this.#truncated();
    return this.bytes[this.at++]!;
  }

  /** An unsigned 32-bit LEB128. */
  u32(): number {
    const from = this.at;
    let value = 0;
    for (let index = 0; index < MAX_U32_BYTES; index++) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw new HardenError("decoder-truncated", `number at byte ${from} has more than 32 bits`);
  }

  /** Passes over a signed LEB128 of up to 64 bits. */
  skipSigned(): void {
    const from = this.at;
    for (let index = 0; index < MAX_S64_BYTES; index++) {
      if (this.u8() < 0x80) return;
    }
    throw new HardenError("decoder-truncated", `number at byte ${from} has more than 64 bits`);
  }

  /** How many items follow; each takes at least a byte, so a count beyond the end is a lie. */
  count(): number {
    const from = this.at;
    const count = this.u32();
    if (count > this.end - this.at) {
      throw new HardenError("decoder-truncated", `${count} items at byte ${from} end beyond their section`);
    }
    return count;
  }

  skip(bytes: number): void {
    if (bytes > this.end - this.at) throw this.#truncated();
    this.at += bytes;
  }

  /** A reader of the next `bytes` bytes, which this one passes over. */
  part(bytes: number): WasmReader {
    const from = this.at;
    this.skip(bytes);
    return new WasmReader(this.bytes, from, this.at);
  }

  text(): string {
    const from = this.at;
    const bytes = this.count();
    const start = this.at;
    this.skip(bytes);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.bytes.subarray(start, this.at));
    } catch {
      throw new HardenError("decoder-truncated", `name at byte ${from} is not UTF-8`);
    }
  }

  #truncated(): HardenError {
    return new HardenError("decoder-truncated", `it ends within a part at byte ${this.at}`);
  }
}

/** An unsigned LEB128 of a whole number. */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** A signed LEB128 of a whole number that is not negative. */
export function signedLeb128(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x3f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}
