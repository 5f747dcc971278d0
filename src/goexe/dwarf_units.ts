/**
 * The units of .debug_info: cuts the section, which comes in pieces, and reads the heads. Used by dwarf.ts.
 * Format: DWARF 2 to 5, section 7.5.1 of each.
 */
import type { UnitFormat } from "./abbrev.ts";
import { Bytes } from "./bytes.ts";
import { corrupt } from "./refusal.ts";

const MAX_UNIT_BYTES = 128 * 1024 * 1024;
/** Of the section, after decompression; the Collector has 13 MiB. */
const MAX_INFO_BYTES = 512 * 1024 * 1024;
/** Unit types of DWARF 5 whose header is longer than that of a compile unit. */
const UNIT_HEADER_EXTRA: Readonly<Record<number, number>> = { 0x01: 0, 0x03: 0, 0x04: 8, 0x05: 8 };

/** A unit without its length field. */
export interface Unit {
  readonly bytes: Bytes;
  readonly offsetBytes: number;
}

/** Gives out a stream in pieces of wanted lengths. */
class Pieces {
  readonly #stream: AsyncGenerator<Uint8Array>;
  readonly #parts: Uint8Array[] = [];
  #held = 0;

  constructor(stream: AsyncGenerator<Uint8Array>) {
    this.#stream = stream;
  }

  /** The next `length` bytes, or `null` when the stream ends before. */
  async take(length: number): Promise<Uint8Array | null> {
    while (this.#held < length) {
      const { done, value } = await this.#stream.next();
      if (done) {
        return null;
      }
      this.#parts.push(value);
      this.#held += value.length;
    }
    this.#held -= length;
    const first = this.#parts[0];
    if (first !== undefined && first.length > length) {
      this.#parts[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    let used = 0;
    for (; filled < length; used++) {
      const part = this.#parts[used] ?? whole;
      const bytes = part.subarray(0, length - filled);
      whole.set(bytes, filled);
      filled += bytes.length;
      if (bytes.length < part.length) {
        this.#parts[used] = part.subarray(bytes.length);
        break;
      }
    }
    this.#parts.splice(0, used);
    return whole;
  }

  /** Gives up the rest. */
  async close(): Promise<void> {
    await this.#stream.return(undefined);
  }
}

/** Cuts the section into units, each without its length field. */
export async function* units(stream: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Unit> {
  const pieces = new Pieces(stream);
  let total = 0;
  try {
    for (;;) {
      const short = await pieces.take(4);
      if (short === null) {
        return;
      }
      let offsetBytes = 4;
      let length = new Bytes(short, name).u32(0);
      if (length === 0xffff_ffff) {
        offsetBytes = 8;
        length = new Bytes(await pieces.take(8) ?? new Uint8Array(), name).u64(0);
      }
      total += length;
      if (length > MAX_UNIT_BYTES) {
        throw corrupt(`${name} has a unit of ${length} bytes, must be at most ${MAX_UNIT_BYTES}`);
      }
      if (total > MAX_INFO_BYTES) {
        throw corrupt(`${name} is longer than ${MAX_INFO_BYTES} bytes`);
      }
      const data = await pieces.take(length);
      if (data === null) {
        throw corrupt(`${name} ends within a unit`);
      }
      yield { bytes: new Bytes(data, name), offsetBytes };
    }
  } finally {
    await pieces.close();
  }
}

/** What the head of a unit says, and where its entries begin. */
export function unitHeader(
  { bytes, offsetBytes }: Unit,
): { table: number; format: UnitFormat; entries: number } {
  const version = bytes.u16(0);
  if (version < 2 || version > 5) {
    throw corrupt(`${bytes.name} has a unit of version ${version}, must be 2 to 5`);
  }
  const offset = (at: number) => offsetBytes === 8 ? bytes.u64(at) : bytes.u32(at);
  if (version < 5) {
    const addressBytes = bytes.u8(2 + offsetBytes);
    return { table: offset(2), format: { version, addressBytes, offsetBytes }, entries: 3 + offsetBytes };
  }
  const extra = UNIT_HEADER_EXTRA[bytes.u8(2)];
  // Type units hold no Go types: an empty walk.
  const entries = extra === undefined ? bytes.length : 4 + offsetBytes + extra;
  return { table: offset(4), format: { version, addressBytes: bytes.u8(3), offsetBytes }, entries };
}
