/**
 * Reading of an executable in few, large, bounded reads. A source may be the loader's pipe, where every read
 * is a round trip, so small reads are widened to blocks and the last blocks are kept. Made by inspect.ts.
 */
import { Bytes } from "./bytes.ts";
import { corrupt } from "./refusal.ts";
import type { ByteSource } from "./types.ts";

const BLOCK_BYTES = 65_536;
const KEPT_WINDOWS = 8;
/** Longest piece that is ever held; the function names of the largest known Go programs are a tenth of it. */
const MAX_PIECE_BYTES = 128 * 1024 * 1024;
/** Bytes read in all, so that no executable keeps the agent busy; a usual program needs 2 MiB. */
const MAX_READ_BYTES = 512 * 1024 * 1024;

interface Window {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A `ByteSource` with a small cache, exact lengths and an abort signal. */
export class ExeReader {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #windows: Window[] = [];
  #budget: number;

  constructor(source: ByteSource, options: { signal?: AbortSignal; maxReadBytes?: number } = {}) {
    this.size = source.size;
    this.#source = source;
    this.#signal = options.signal;
    this.#budget = options.maxReadBytes ?? MAX_READ_BYTES;
  }

  /**
   * Exactly `length` bytes from `offset`.
   *
   * @throws {Refusal} when the file has no such bytes.
   */
  async read(offset: number, length: number, name: string): Promise<Bytes> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw corrupt(`${name} at ${offset} needs ${length} bytes, the file has ${this.size}`);
    }
    if (length > MAX_PIECE_BYTES) {
      throw corrupt(`${name} has ${length} bytes, must be at most ${MAX_PIECE_BYTES}`);
    }
    const kept = this.#windows.find((w) => w.offset <= offset && offset + length <= w.offset + w.data.length);
    if (kept !== undefined) {
      return new Bytes(kept.data.subarray(offset - kept.offset, offset - kept.offset + length), name);
    }
    if (length >= 4 * BLOCK_BYTES) {
      return new Bytes(await this.#fetch(offset, length, name), name);
    }
    const start = offset - offset % BLOCK_BYTES;
    const end = Math.min(this.size, Math.ceil((offset + length) / BLOCK_BYTES) * BLOCK_BYTES);
    const data = await this.#fetch(start, end - start, name);
    this.#windows.unshift({ offset: start, data });
    this.#windows.length = Math.min(this.#windows.length, KEPT_WINDOWS);
    return new Bytes(data.subarray(offset - start, offset - start + length), name);
  }

  async #fetch(offset: number, length: number, name: string): Promise<Uint8Array> {
    this.#signal?.throwIfAborted();
    this.#budget -= length;
    if (this.#budget < 0) {
      throw corrupt(`${name} would need too much of the file to be read`);
    }
    const first = await this.#source.read(offset, length);
    if (first.length === length) {
      return first;
    }
    const whole = new Uint8Array(length);
    let filled = 0;
    for (
      let piece = first;
      filled < length;
      piece = await this.#source.read(offset + filled, length - filled)
    ) {
      if (piece.length === 0 || piece.length > length - filled) {
        throw corrupt(`${name} ends at ${offset + filled}, needed ${offset + length}`);
      }
      whole.set(piece, filled);
      filled += piece.length;
      this.#signal?.throwIfAborted();
    }
    return whole;
  }
}
