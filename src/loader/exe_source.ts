/**
 * ByteSource over READ_EXE: an executable read through the loader, in blocks that are kept, since inspection
 * reads small pieces close to each other. Used by discovery.
 */
import type { ByteSource } from "../goexe/types.ts";
import type { LoaderClient } from "./client.ts";

const BLOCK_BYTES = 65_536;
/** A miss right behind the block read last fetches this many at once. */
const AHEAD_BLOCKS = 16;
/** Inspection goes through a file nearly in order: more would save no request. */
const DEFAULT_MAX_BLOCKS = 32;

export interface ExeSourceOptions {
  readonly loader: Pick<LoaderClient, "readExe">;
  readonly pid: number;
  /** Of the executable, as the process record tells it. */
  readonly size: number;
  /** Blocks of 64 KiB that are kept. */
  readonly maxBlocks?: number;
}

/** One executable. */
export class ExeSource implements ByteSource {
  readonly size: number;
  readonly #loader: Pick<LoaderClient, "readExe">;
  readonly #pid: number;
  readonly #maxBlocks: number;
  /** By number, the one used longest ago first. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  #lastFetched = -2;

  constructor({ loader, pid, size, maxBlocks = DEFAULT_MAX_BLOCKS }: ExeSourceOptions) {
    this.size = size;
    this.#loader = loader;
    this.#pid = pid;
    this.#maxBlocks = maxBlocks;
  }

  /** @throws {LoaderError} when the process is gone or the file cannot be read. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.size);
    if (!(offset >= 0) || end <= offset) return new Uint8Array(0);
    const first = Math.floor(offset / BLOCK_BYTES);
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    const blocks = await Promise.all(this.#take(first, last));
    const start = offset - first * BLOCK_BYTES;
    const [only] = blocks;
    if (only && first === last) return only.slice(start, end - first * BLOCK_BYTES);
    const bytes = new Uint8Array(end - offset);
    let at = 0;
    for (const [index, block] of blocks.entries()) {
      const piece = block.subarray(index === 0 ? start : 0, end - (first + index) * BLOCK_BYTES);
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes.subarray(0, at);
  }

  /** Blocks `first` to `last`, those that are missing in as few requests as possible. */
  #take(first: number, last: number): Promise<Uint8Array>[] {
    for (let block = first; block <= last; block++) {
      if (this.#blocks.has(block)) continue;
      const until = block === this.#lastFetched + 1 ? Math.max(last, block + AHEAD_BLOCKS - 1) : last;
      this.#fetch(block, until);
    }
    const taken: Promise<Uint8Array>[] = [];
    for (let block = first; block <= last; block++) {
      const bytes = this.#blocks.get(block);
      if (!bytes) throw new RangeError(`Cannot read block ${block}: it was not fetched`);
      this.#blocks.delete(block);
      this.#blocks.set(block, bytes);
      taken.push(bytes);
    }
    this.#evict(last - first + 1);
    return taken;
  }

  /** Requests the blocks from `block` on that are missing, up to `until` or the first that is there. */
  #fetch(block: number, until: number): void {
    const lastBlock = Math.ceil(this.size / BLOCK_BYTES) - 1;
    let count = 1;
    while (
      count < AHEAD_BLOCKS && block + count <= Math.min(until, lastBlock) && !this.#blocks.has(block + count)
    ) {
      count++;
    }
    const bytes = this.#loader.readExe(this.#pid, block * BLOCK_BYTES, count * BLOCK_BYTES);
    for (let index = 0; index < count; index++) {
      const piece = bytes.then((all) => all.slice(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
      piece.catch(() => this.#blocks.delete(block + index));
      this.#blocks.set(block + index, piece);
    }
    this.#lastFetched = block + count - 1;
  }

  #evict(inUse: number): void {
    const [...oldest] = this.#blocks.keys();
    for (const block of oldest.slice(0, Math.max(0, this.#blocks.size - Math.max(this.#maxBlocks, inUse)))) {
      this.#blocks.delete(block);
    }
  }
}
