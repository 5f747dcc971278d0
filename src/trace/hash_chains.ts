/** A hash table of row numbers in arrays of fixed size: no object for an entry. Used by TraceIndex and BrokenTraces. */
import { TRACE_ID_BYTES } from "./split.ts";

/** Rows from 0 to below the capacity, each in the chain of its hash; the caller keeps what a row stands for. */
export class HashChains {
  // One more than the row, so that 0 is none and memory that is not used yet costs nothing.
  readonly #buckets: Uint32Array;
  readonly #next: Uint32Array;

  constructor(capacity: number) {
    this.#buckets = new Uint32Array(2 ** Math.ceil(Math.log2(capacity + 1)));
    this.#next = new Uint32Array(capacity);
  }

  /** The newest row that may have this hash, or -1. */
  first(hash: number): number {
    return this.#buckets[this.#bucket(hash)]! - 1;
  }

  /** The one after `row`, or -1. */
  after(row: number): number {
    return this.#next[row]! - 1;
  }

  add(hash: number, row: number): void {
    const bucket = this.#bucket(hash);
    this.#next[row] = this.#buckets[bucket]!;
    this.#buckets[bucket] = row + 1;
  }

  /** The row must be there. */
  remove(hash: number, row: number): void {
    const bucket = this.#bucket(hash);
    if (this.#buckets[bucket] === row + 1) {
      this.#buckets[bucket] = this.#next[row]!;
      return;
    }
    let before = this.first(hash);
    while (this.after(before) !== row) before = this.after(before);
    this.#next[before] = this.#next[row]!;
  }

  #bucket(hash: number): number {
    return hash & (this.#buckets.length - 1);
  }
}

/** FNV-1a over a trace id, 32 bits, signed. */
export function hashTraceId(bytes: Uint8Array, at: number): number {
  let value = 0x811c9dc5;
  for (let index = at; index < at + TRACE_ID_BYTES; index++) {
    value = Math.imul(value ^ bytes[index]!, 0x01000193);
  }
  return value;
}
