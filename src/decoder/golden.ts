/**
 * The golden vectors inside a decoder module, custom section "tsunagi.golden": what the decoder must make of some
 * records, byte for byte. Written by src/maker/goldens.ts, checked by the gate. docs/decoder-abi.md has the format.
 */
import { INPUT_BYTES, OUTPUT_BYTES } from "../../decoder-as/assembly/memory_map.ts";

/** Name of the custom section. */
export const GOLDEN_SECTION = "tsunagi.golden";

/** What the host sets as the clock's offset while vectors run. */
export const GOLDEN_REALTIME_OFFSET_NS = 1_700_000_000_000_000_000n;

/** Counters of a vector in the order of the format; names as in DecoderCounters. */
export const GOLDEN_COUNTERS = [
  "starts",
  "ends",
  "spans",
  "inFlight",
  "orphans",
  "malformed",
  "end_ring_full",
  "abandoned",
  "table_full",
  "process_exited",
  "bad_record",
] as const;

export type GoldenCounters = Readonly<Record<typeof GOLDEN_COUNTERS[number], number>>;

/** Input of one `feed` and what must come of it. */
export interface GoldenVector {
  readonly name: string;
  /** Whole records. */
  readonly input: Uint8Array;
  /** Rows as `feed` writes them. */
  readonly output: Uint8Array;
  /** By how much each counter rises. */
  readonly counters: GoldenCounters;
}

const FORMAT = 1;
const MAX_VECTORS = 256;
const MAX_NAME_BYTES = 128;

/** The section's content. */
export function encodeGoldens(vectors: readonly GoldenVector[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [FORMAT];
  const block = (content: Uint8Array) => {
    number(content.length);
    for (const byte of content) bytes.push(byte);
  };
  const number = (value: number) => {
    for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
    bytes.push(value);
  };
  number(vectors.length);
  for (const { name, input, output, counters } of vectors) {
    block(new TextEncoder().encode(name));
    block(input);
    block(output);
    for (const counter of GOLDEN_COUNTERS) number(counters[counter]);
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads the section's content; inputs and outputs are views of it.
 *
 * @throws {RangeError} when it is not in the format.
 */
export function parseGoldens(content: Uint8Array): GoldenVector[] {
  const reader = new GoldenReader(content);
  const format = reader.number(0xff);
  if (format !== FORMAT) {
    throw new RangeError(`Cannot read golden vectors: format is ${format}, must be ${FORMAT}`);
  }
  const vectors: GoldenVector[] = [];
  for (let left = reader.number(MAX_VECTORS); left > 0; left--) {
    const name = new TextDecoder().decode(reader.block(MAX_NAME_BYTES));
    const input = reader.block(INPUT_BYTES);
    const output = reader.block(OUTPUT_BYTES);
    const counters: Record<string, number> = {};
    for (const counter of GOLDEN_COUNTERS) counters[counter] = reader.number(INPUT_BYTES);
    vectors.push({ name, input, output, counters: counters as GoldenCounters });
  }
  reader.end();
  return vectors;
}

class GoldenReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** An unsigned LEB128. */
  number(limit: number): number {
    const from = this.#at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("Cannot read golden vectors: they end within a number");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value <= limit) return value;
        break;
      }
    }
    throw new RangeError(`Cannot read golden vectors: number at byte ${from} must be at most ${limit}`);
  }

  block(limit: number): Uint8Array {
    const length = this.number(limit);
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      throw new RangeError(`Cannot read golden vectors: ${length} bytes at byte ${from} end beyond them`);
    }
    return this.#bytes.subarray(from, this.#at);
  }

  end(): void {
    if (this.#at < this.#bytes.length) {
      throw new RangeError(
        `Cannot read golden vectors: ${this.#bytes.length - this.#at} bytes are left over`,
      );
    }
  }
}
