/**
 * Which spans of the store belong together, and what searches ask of them: a row of numbers for each span, in arrays
 * of fixed size. TraceStore makes one when somebody asks for traces, and tells it what comes and goes.
 */
import type { BrokenTraces } from "./broken_traces.ts";
import { HashChains, hashTraceId } from "./hash_chains.ts";
import { Shapes } from "./shapes.ts";
import { newScannedSpan, scanSpan } from "./span_scan.ts";
import { TRACE_ID_BYTES, TRACE_ID_OFFSET } from "./split.ts";
import { fitOf, FITS, FORBIDS, type TraceQuery } from "./trace_query.ts";

export interface TraceIndexOptions {
  /** Where the spans lie. */
  readonly ring: Uint8Array;
  /** Spans that there can be. */
  readonly capacity: number;
  readonly broken: Pick<BrokenTraces, "has">;
  /** Number of the first span that will be added. */
  readonly oldest: number;
}

/** A span by its number, and where it lies in the ring. */
export interface SpanPlace {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** Spans are known by their number, in order of arrival; the row of one serves again for the one `capacity` later. */
export class TraceIndex {
  readonly #options: TraceIndexOptions;
  readonly #shapes = new Shapes();
  readonly #scanned = newScannedSpan();
  readonly #start: Uint32Array;
  readonly #stop: Uint32Array;
  readonly #shape: Uint32Array;
  /** One more than the row of the trace's next span; 0: none. */
  readonly #next: Uint32Array;
  /** Of a trace's first span: one more than the row of its last. Of other spans: 0. */
  readonly #last: Uint32Array;
  /** Of a trace's first span: first start and last end of the trace. */
  readonly #fromNs: Float64Array;
  readonly #toNs: Float64Array;
  /** Rows of first spans by the hash of their trace id. */
  readonly #traces: HashChains;
  /** Times are kept as distances from it, since numbers are exact for a hundred days only. */
  #baseNs: bigint | null = null;
  #oldest: number;
  #end: number;

  constructor(options: TraceIndexOptions) {
    const { capacity } = options;
    this.#options = options;
    this.#oldest = this.#end = options.oldest;
    this.#start = new Uint32Array(capacity);
    this.#stop = new Uint32Array(capacity);
    this.#shape = new Uint32Array(capacity);
    this.#next = new Uint32Array(capacity);
    this.#last = new Uint32Array(capacity);
    this.#fromNs = new Float64Array(capacity);
    this.#toNs = new Float64Array(capacity);
    this.#traces = new HashChains(capacity);
  }

  /** Distinct shapes that were met; they are kept when their spans are gone. */
  get shapes(): number {
    return this.#shapes.all.length;
  }

  /** Number of the span to be added next. */
  get end(): number {
    return this.#end;
  }

  /** A span has come. One of a trace that has lost a span already belongs to nothing. */
  add({ start, end }: Omit<SpanPlace, "number">, service: string): void {
    const { ring, capacity, broken } = this.#options;
    const row = this.#end++ % capacity;
    this.#start[row] = start;
    this.#stop[row] = end;
    this.#next[row] = this.#last[row] = 0;
    const hash = hashTraceId(ring, start + TRACE_ID_OFFSET);
    let first = this.#find(hash, ring, start + TRACE_ID_OFFSET);
    if (first < 0 && broken.has(hash)) return;
    const scanned = this.#scanned;
    if (this.#baseNs === null) {
      scanSpan(ring, { start, end, baseNs: 0n, into: scanned });
      this.#baseNs = BigInt(scanned.startNs);
    }
    scanSpan(ring, { start, end, baseNs: this.#baseNs, into: scanned });
    this.#shape[row] = this.#shapes.of(service, ring, scanned);
    if (first < 0) {
      first = row;
      this.#traces.add(hash, row);
      this.#fromNs[row] = scanned.startNs;
      this.#toNs[row] = scanned.endNs;
    } else {
      this.#next[this.#last[first]! - 1] = row + 1;
      this.#fromNs[first] = Math.min(this.#fromNs[first]!, scanned.startNs);
      this.#toNs[first] = Math.max(this.#toNs[first]!, scanned.endNs);
    }
    this.#last[first] = row + 1;
  }

  /**
   * The oldest span goes, and its trace with it, if it is not gone already. Its bytes must still be there. It may
   * be one that was never added.
   */
  evict(): void {
    const row = this.#oldest++ % this.#options.capacity;
    this.#end = Math.max(this.#end, this.#oldest);
    if (this.#last[row] === 0) return;
    this.#traces.remove(hashTraceId(this.#options.ring, this.#start[row]! + TRACE_ID_OFFSET), row);
    this.#last[row] = 0;
  }

  /** The first span's row of the trace with this id, or -1. */
  find(id: Uint8Array): number {
    return this.#find(hashTraceId(id, 0), id, 0);
  }

  /** Rows of first spans of the traces that fit, newest trace first. */
  *search(query: TraceQuery): Generator<number, void> {
    const fits = fitOf(this.#shapes.all, query);
    const { capacity } = this.#options;
    const minDurationNs = (query.minDurationMs ?? 0) * 1e6;
    for (let number = this.#end - 1; number >= this.#oldest; number--) {
      const row = number % capacity;
      if (this.#last[row] === 0 || this.#toNs[row]! - this.#fromNs[row]! < minDurationNs) continue;
      if (this.#fit(row, fits)) yield row;
    }
  }

  /** Where the spans of a trace lie, in order of their arrival. */
  *spans(first: number): Generator<SpanPlace, void> {
    for (let row = first; row >= 0; row = this.#next[row]! - 1) {
      yield { number: this.#numberOf(row), start: this.#start[row]!, end: this.#stop[row]! };
    }
  }

  #numberOf(row: number): number {
    const { capacity } = this.#options;
    return this.#oldest + (row - this.#oldest % capacity + capacity) % capacity;
  }

  #fit(first: number, fits: Uint8Array): boolean {
    let fit = false;
    for (let row = first; row >= 0; row = this.#next[row]! - 1) {
      const one = fits[this.#shape[row]!];
      if (one === FORBIDS) return false;
      if (one === FITS) fit = true;
    }
    return fit;
  }

  #find(hash: number, id: Uint8Array, at: number): number {
    for (let row = this.#traces.first(hash); row >= 0; row = this.#traces.after(row)) {
      if (this.#isTrace(row, id, at)) return row;
    }
    return -1;
  }

  #isTrace(row: number, id: Uint8Array, at: number): boolean {
    const own = this.#start[row]! + TRACE_ID_OFFSET;
    for (let index = 0; index < TRACE_ID_BYTES; index++) {
      if (this.#options.ring[own + index] !== id[at + index]) return false;
    }
    return true;
  }
}
