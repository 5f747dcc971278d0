/**
 * The recent traces in memory, for the status API and the demo. Batches lie in one ring of fixed size: storing is
 * one copy, memory never grows, and spans are looked at only when somebody asks, each once. When the ring comes
 * round to a span, its trace disappears whole, so none is ever shown with a part missing.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import { BrokenTraces } from "./broken_traces.ts";
import { hashTraceId } from "./hash_chains.ts";
import { decodeSpan, type Span } from "./otlp_span.ts";
import type { Resource } from "./resource.ts";
import { needleOf, textIn } from "./span_scan.ts";
import { splitSpans, TRACE_ID_BYTES, TRACE_ID_OFFSET } from "./split.ts";
import { type StoredSpan, summarize, type Trace, type TraceSummary } from "./trace.ts";
import { type SpanPlace, TraceIndex } from "./trace_index.ts";
import type { TraceList, TraceQuery } from "./trace_query.ts";

export interface TraceStoreOptions {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export interface TraceStoreStats {
  readonly spans: number;
  readonly bytes: number;
  /** Spans that made room for newer ones. */
  readonly evictedSpans: number;
}

/** A batch in the ring. Spans are numbered in order of arrival. */
interface Entry {
  readonly resource: Resource;
  readonly offset: number;
  readonly length: number;
  readonly firstSpan: number;
  readonly count: number;
}

/** The index is made anew when it knows more, and more than there can be, so that what comes and goes does not pile up. */
const MAX_SHAPES = 4_096;

export class TraceStore {
  readonly #maxSpans: number;
  readonly #ring: Uint8Array;
  readonly #broken: BrokenTraces;
  /** In order of arrival, which is also the order of their bytes in the ring; those before #first are gone. */
  #entries: Entry[] = [];
  #first = 0;
  #head = 0;
  #spans = 0;
  #bytes = 0;
  #evictedSpans = 0;
  /** Number of the next span. */
  #nextSpan = 0;
  /** Made when somebody asks for the first time, and brought up to date when somebody asks again. */
  #index: TraceIndex | null = null;
  /** A page asks the same again and again. */
  #answered: { readonly query: string; readonly nextSpan: number; readonly list: TraceList } | null = null;

  constructor({ maxSpans, maxBytes }: TraceStoreOptions) {
    this.#maxSpans = maxSpans;
    this.#ring = new Uint8Array(maxBytes);
    this.#broken = new BrokenTraces(maxSpans);
  }

  /** Keeps a copy of a well-formed batch. One that is larger than the whole store is left out. */
  add(resource: Resource, { bytes, count }: SpanBatch): void {
    const length = bytes.length;
    if (length > this.#ring.length || count > this.#maxSpans) {
      this.#evictedSpans += count;
      return;
    }
    this.#makeRoom(length, count);
    this.#ring.set(bytes, this.#head);
    this.#entries.push({ resource, offset: this.#head, length, firstSpan: this.#nextSpan, count });
    this.#head += length;
    this.#spans += count;
    this.#nextSpan += count;
    this.#bytes += length;
  }

  /** The trace, decoded, or null when it is not (or no longer) here. `traceId` is 32 hex digits. */
  get(traceId: string): Trace | null {
    const index = this.#upToDate();
    const first = index.find(Uint8Array.fromHex(traceId));
    return first < 0 ? null : this.#decode(index.spans(first));
  }

  list(query: TraceQuery): TraceList {
    const key = JSON.stringify(query);
    if (this.#answered?.query === key && this.#answered.nextSpan === this.#nextSpan) {
      return this.#answered.list;
    }
    const list = this.#search(query);
    this.#answered = { query: key, nextSpan: this.#nextSpan, list };
    return list;
  }

  stats(): TraceStoreStats {
    return { spans: this.#spans, bytes: this.#bytes, evictedSpans: this.#evictedSpans };
  }

  #search(query: TraceQuery): TraceList {
    const index = this.#upToDate();
    const text = query.q === undefined ? null : this.#textSearch(query.q);
    const traces: TraceSummary[] = [];
    for (const first of index.search(query)) {
      if (text !== null && !text([...index.spans(first)])) continue;
      if (traces.length >= query.limit) return { traces, more: true };
      const trace = this.#decode(index.spans(first));
      if (trace !== null) traces.push(summarize(trace));
    }
    return { traces, more: false };
  }

  /** Whether a trace has the text that `q` asks for. */
  #textSearch(q: string): (places: readonly SpanPlace[]) => boolean {
    const needle = needleOf(q);
    const wanted = q.toLowerCase();
    const inService = ({ number }: SpanPlace) =>
      this.#entryOf(number).resource.serviceName.toLowerCase().includes(wanted);
    return (places) =>
      this.#traceId(places[0]!).startsWith(wanted) ||
      places.some((place) => textIn(this.#ring, { ...place, needle }) || inService(place));
  }

  #traceId({ start }: SpanPlace): string {
    const at = start + TRACE_ID_OFFSET;
    return this.#ring.subarray(at, at + TRACE_ID_BYTES).toHex();
  }

  /** The index with every span in it. */
  #upToDate(): TraceIndex {
    if ((this.#index?.shapes ?? 0) > Math.max(MAX_SHAPES, 2 * this.#spans)) this.#index = null;
    const index = this.#index ??= new TraceIndex({
      ring: this.#ring,
      capacity: this.#maxSpans,
      broken: this.#broken,
      oldest: this.#nextSpan - this.#spans,
    });
    while (index.end < this.#nextSpan) {
      const { resource, offset, length } = this.#entryOf(index.end);
      for (const { start, end } of splitSpans(this.#ring.subarray(offset, offset + length))) {
        index.add({ start: offset + start, end: offset + end }, resource.serviceName);
      }
    }
    return index;
  }

  /** The batch that holds a span. */
  #entryOf(number: number): Entry {
    let [low, high] = [this.#first, this.#entries.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#entries[middle]!.firstSpan <= number) low = middle;
      else high = middle - 1;
    }
    return this.#entries[low]!;
  }

  /** Spans that cannot be read are passed over; null when nothing is left. */
  #decode(places: Iterable<SpanPlace>): Trace | null {
    const spans: StoredSpan[] = [];
    for (const { number, start, end } of places) {
      const span = readSpan(this.#ring.subarray(start, end));
      if (span !== null) spans.push({ span, resource: this.#entryOf(number).resource });
    }
    const [first] = spans;
    if (first === undefined) return null;
    spans.sort((a, b) => Number(a.span.startTimeUnixNano - b.span.startTimeUnixNano));
    return { traceId: first.span.traceId, spans };
  }

  #makeRoom(length: number, count: number) {
    while (this.#spans + count > this.#maxSpans) this.#dropOldest();
    if (this.#head + length > this.#ring.length) {
      // What still lies between the head and the ring's end is older than anything at its beginning.
      while (this.#oldest !== undefined && this.#oldest.offset >= this.#head) this.#dropOldest();
      this.#head = 0;
    }
    while (this.#oldest !== undefined) {
      const { offset, length: bytes } = this.#oldest;
      if (offset >= this.#head + length || offset + bytes <= this.#head) break;
      this.#dropOldest();
    }
  }

  get #oldest(): Entry | undefined {
    return this.#entries[this.#first];
  }

  #dropOldest() {
    const { offset, length, count } = this.#oldest!;
    for (const { start } of splitSpans(this.#ring.subarray(offset, offset + length))) {
      this.#broken.add(hashTraceId(this.#ring, offset + start + TRACE_ID_OFFSET));
      this.#index?.evict();
    }
    this.#spans -= count;
    this.#bytes -= length;
    this.#evictedSpans += count;
    this.#first++;
    // Moving the rest down only now and then keeps the cost of each constant.
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

function readSpan(bytes: Uint8Array): Span | null {
  try {
    return decodeSpan(bytes);
  } catch {
    return null;
  }
}
