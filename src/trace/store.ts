/**
 * The recent traces in memory, for the status API and the demo. Span bytes lie in one ring of fixed size, so
 * storing a span is a copy and memory never grows; decoding waits until somebody asks. When the ring comes
 * round to a trace, the whole trace goes, so no trace is ever shown with its beginning missing.
 */
import { SpanStatusCode } from "@opentelemetry/api";
import { decodeSpan, type Span } from "./otlp_span.ts";
import type { Resource } from "./resource.ts";
import type { SpanSlice } from "./split.ts";

export interface TraceStoreOptions {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

/** A span together with the process that it comes from. */
export interface StoredSpan {
  readonly span: Span;
  readonly resource: Resource;
}

export interface Trace {
  readonly traceId: string;
  /** In order of their start. */
  readonly spans: readonly StoredSpan[];
}

/** One line of a list of traces. */
export interface TraceSummary {
  readonly traceId: string;
  readonly rootName: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
  readonly errors: number;
}

export interface TraceStoreStats {
  readonly traces: number;
  readonly spans: number;
  readonly bytes: number;
  /** Spans that made room for newer ones. */
  readonly evictedSpans: number;
}

interface Entry {
  readonly traceId: string;
  readonly records: Stored[];
  evicted: boolean;
}

interface Stored {
  readonly entry: Entry;
  readonly resource: Resource;
  readonly offset: number;
  readonly length: number;
}

export class TraceStore {
  readonly #ring: Uint8Array;
  readonly #maxSpans: number;
  /** In order of arrival, which is also the order of their bytes in the ring. */
  readonly #records: Array<Stored | undefined> = [];
  /** In order of their first span's arrival. */
  readonly #entries = new Map<string, Entry>();
  #oldest = 0;
  #recordCount = 0;
  #head = 0;
  #spans = 0;
  #bytes = 0;
  #evictedSpans = 0;

  constructor({ maxSpans, maxBytes }: TraceStoreOptions) {
    this.#ring = new Uint8Array(maxBytes);
    this.#maxSpans = maxSpans;
  }

  /** Keeps a copy of the spans that `slices` names in `bytes`. A span larger than the whole store is left out. */
  add(resource: Resource, bytes: Uint8Array, slices: readonly SpanSlice[]): void {
    for (const slice of slices) {
      const length = slice.end - slice.start;
      if (length > this.#ring.length || this.#maxSpans === 0) {
        this.#evictedSpans++;
        continue;
      }
      this.#makeRoom(length);
      let entry = this.#entries.get(slice.traceId);
      if (entry === undefined) {
        entry = { traceId: slice.traceId, records: [], evicted: false };
        this.#entries.set(slice.traceId, entry);
      }
      const record: Stored = { entry, resource, offset: this.#head, length };
      this.#ring.set(bytes.subarray(slice.start, slice.end), this.#head);
      this.#head += length;
      entry.records.push(record);
      this.#records[(this.#oldest + this.#recordCount) % this.#maxSpans] = record;
      this.#recordCount++;
      this.#spans++;
      this.#bytes += length;
    }
  }

  /** The trace, decoded, or null when it is not (or no longer) here. */
  get(traceId: string): Trace | null {
    const entry = this.#entries.get(traceId);
    return entry === undefined ? null : this.#decode(entry);
  }

  /** Newest first; with `service`, only traces with a span of it. */
  list({ service, limit }: { service?: string | undefined; limit: number }): TraceSummary[] {
    const summaries: TraceSummary[] = [];
    const entries = [...this.#entries.values()];
    for (let index = entries.length - 1; index >= 0 && summaries.length < limit; index--) {
      const entry = entries[index]!;
      if (service !== undefined && !entry.records.some(({ resource }) => resource.serviceName === service)) {
        continue;
      }
      summaries.push(summarize(this.#decode(entry)));
    }
    return summaries;
  }

  stats(): TraceStoreStats {
    return {
      traces: this.#entries.size,
      spans: this.#spans,
      bytes: this.#bytes,
      evictedSpans: this.#evictedSpans,
    };
  }

  #decode({ traceId, records }: Entry): Trace {
    const spans = records.map(({ resource, offset, length }) => ({
      span: decodeSpan(this.#ring.subarray(offset, offset + length)),
      resource,
    }));
    spans.sort((a, b) => compare(a.span.startTimeUnixNano, b.span.startTimeUnixNano));
    return { traceId, spans };
  }

  #makeRoom(length: number) {
    if (this.#recordCount === this.#maxSpans) this.#dropOldest();
    if (this.#head + length > this.#ring.length) {
      // What still lies between the head and the ring's end is older than anything at its beginning.
      while (this.#recordCount > 0 && this.#records[this.#oldest]!.offset >= this.#head) this.#dropOldest();
      this.#head = 0;
    }
    const end = this.#head + length;
    while (this.#recordCount > 0) {
      const { offset, length } = this.#records[this.#oldest]!;
      if (offset >= end || offset + length <= this.#head) break;
      this.#dropOldest();
    }
  }

  #dropOldest() {
    const { entry } = this.#records[this.#oldest]!;
    this.#records[this.#oldest] = undefined;
    this.#oldest = (this.#oldest + 1) % this.#maxSpans;
    this.#recordCount--;
    if (entry.evicted) return;
    entry.evicted = true;
    this.#entries.delete(entry.traceId);
    this.#spans -= entry.records.length;
    this.#evictedSpans += entry.records.length;
    for (const record of entry.records) this.#bytes -= record.length;
  }
}

/** What a list shows of a trace. */
export function summarize({ traceId, spans }: Trace): TraceSummary {
  const ids = new Set(spans.map(({ span }) => span.spanId));
  const root = spans.find(({ span }) => span.parentSpanId === "") ??
    spans.find(({ span }) => !ids.has(span.parentSpanId)) ?? spans[0];
  let start = spans[0]?.span.startTimeUnixNano ?? 0n;
  let end = start;
  for (const { span } of spans) {
    if (span.startTimeUnixNano < start) start = span.startTimeUnixNano;
    if (span.endTimeUnixNano > end) end = span.endTimeUnixNano;
  }
  return {
    traceId,
    rootName: root?.span.name ?? "",
    services: [...new Set(spans.map(({ resource }) => resource.serviceName))],
    spans: spans.length,
    startTimeUnixNano: start.toString(),
    durationNs: Number(end - start),
    errors: spans.filter(({ span }) => span.status.code === SpanStatusCode.ERROR).length,
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
