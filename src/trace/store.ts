/**
 * The recent traces in memory, for the status API and the demo. Batches lie in one ring of fixed size: storing is
 * one copy, memory never grows, and spans are sought and decoded only when somebody asks. When the ring comes
 * round to a span, its trace disappears whole, so none is ever shown with a part missing.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import { decodeSpan } from "./otlp_span.ts";
import type { Resource } from "./resource.ts";
import { type SpanSlice, splitSpans, TRACE_ID_BYTES, TRACE_ID_OFFSET } from "./split.ts";
import { type StoredSpan, summarize, type Trace, type TraceSummary } from "./trace.ts";

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

/** A batch in the ring. */
interface Entry {
  readonly resource: Resource;
  readonly offset: number;
  readonly length: number;
  readonly count: number;
}

/** A span in the ring. */
interface Found {
  readonly entry: Entry;
  readonly slice: SpanSlice;
}

export class TraceStore {
  readonly #maxSpans: number;
  readonly #ring: Uint8Array;
  /** In order of arrival, which is also the order of their bytes in the ring; those before #first are gone. */
  #entries: Entry[] = [];
  #first = 0;
  #head = 0;
  #spans = 0;
  #bytes = 0;
  #evictedSpans = 0;
  /** Hashes of the traces that lost a span, newest over oldest: as many as there could be spans of theirs. */
  readonly #broken: Uint32Array;
  #brokenAt = 0;

  constructor({ maxSpans, maxBytes }: TraceStoreOptions) {
    this.#maxSpans = maxSpans;
    this.#ring = new Uint8Array(maxBytes);
    this.#broken = new Uint32Array(maxSpans);
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
    this.#entries.push({ resource, offset: this.#head, length, count });
    this.#head += length;
    this.#spans += count;
    this.#bytes += length;
  }

  /** The trace, decoded, or null when it is not (or no longer) here. `traceId` is 32 hex digits. */
  get(traceId: string): Trace | null {
    const id = Uint8Array.fromHex(traceId);
    if (this.#broken.includes(hash(id, 0))) return null;
    const found: Found[] = [];
    this.#walk((entry, slice, bytes) => {
      if (hasId(bytes, slice.start + TRACE_ID_OFFSET, id)) found.push({ entry, slice });
    });
    return found.length === 0 ? null : this.#decode(traceId, found);
  }

  /** Newest first, by arrival of their first span; with `service`, only traces with a span of it. */
  list({ service, limit }: { service?: string | undefined; limit: number }): TraceSummary[] {
    const broken = new Set(this.#broken);
    const traces = new Map<string, Found[]>();
    this.#walk((entry, slice, bytes) => {
      const at = slice.start + TRACE_ID_OFFSET;
      if (broken.has(hash(bytes, at))) return;
      const traceId = bytes.subarray(at, at + TRACE_ID_BYTES).toHex();
      const found = traces.get(traceId);
      if (found === undefined) traces.set(traceId, [{ entry, slice }]);
      else found.push({ entry, slice });
    });
    const summaries: TraceSummary[] = [];
    for (const [traceId, found] of [...traces].reverse()) {
      if (summaries.length >= limit) break;
      if (service !== undefined && !found.some(({ entry }) => entry.resource.serviceName === service)) {
        continue;
      }
      summaries.push(summarize(this.#decode(traceId, found)));
    }
    return summaries;
  }

  stats(): TraceStoreStats {
    return { spans: this.#spans, bytes: this.#bytes, evictedSpans: this.#evictedSpans };
  }

  /** Calls `visit` for every span; slices count from the begin of `bytes`, the batch. */
  #walk(visit: (entry: Entry, slice: SpanSlice, bytes: Uint8Array) => void): void {
    for (let index = this.#first; index < this.#entries.length; index++) {
      const entry = this.#entries[index]!;
      const bytes = this.#batch(entry);
      for (const slice of splitSpans(bytes)) visit(entry, slice, bytes);
    }
  }

  #batch({ offset, length }: Entry): Uint8Array {
    return this.#ring.subarray(offset, offset + length);
  }

  #decode(traceId: string, found: readonly Found[]): Trace {
    const spans: StoredSpan[] = found.map(({ entry, slice }) => ({
      span: decodeSpan(this.#batch(entry).subarray(slice.start, slice.end)),
      resource: entry.resource,
    }));
    spans.sort((a, b) => Number(a.span.startTimeUnixNano - b.span.startTimeUnixNano));
    return { traceId, spans };
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
    const entry = this.#oldest!;
    const bytes = this.#batch(entry);
    for (const { start } of splitSpans(bytes)) {
      this.#broken[this.#brokenAt] = hash(bytes, start + TRACE_ID_OFFSET);
      this.#brokenAt = (this.#brokenAt + 1) % this.#maxSpans;
    }
    this.#spans -= entry.count;
    this.#bytes -= entry.length;
    this.#evictedSpans += entry.count;
    this.#first++;
    // Moving the rest down only now and then keeps the cost of each constant.
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** FNV-1a, never 0, which stands for an unused place. Two traces in 2^32 share one; then one hides the other. */
function hash(bytes: Uint8Array, at: number): number {
  let value = 0x811c9dc5;
  for (let index = at; index < at + TRACE_ID_BYTES; index++) {
    value = Math.imul(value ^ bytes[index]!, 0x01000193);
  }
  return value >>> 0 || 1;
}

function hasId(bytes: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let index = 0; index < TRACE_ID_BYTES; index++) {
    if (bytes[at + index] !== id[index]) return false;
  }
  return true;
}
