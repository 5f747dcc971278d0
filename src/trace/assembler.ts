/**
 * Puts spans of one trace together until it is finished, for those who show whole traces as they happen. Spans
 * stay as bytes; of each only what decides is read. Memory is bounded: when it is full, the trace that has been
 * quiet for longest is finished early. Used by the printer.
 */
import { peekSpan, type SpanPeek } from "./split_peek.ts";
import type { Resource } from "./resource.ts";

/** A span that waits for the rest of its trace. */
export interface WaitingSpan {
  readonly resource: Resource;
  /** A copy of the Span message. */
  readonly bytes: Uint8Array;
}

/** A trace with all spans that came until it was finished. */
export interface AssembledTrace {
  readonly traceId: string;
  readonly spans: readonly WaitingSpan[];
  readonly durationNs: number;
  readonly failed: boolean;
}

export interface TraceAssemblerOptions {
  /** A trace is finished when nothing of it came for this long. Default 400. */
  readonly quietMs?: number;
  /** A trace with a span whose parent, in a traced process, has not ended waits for it this long. Default 10,000. */
  readonly maxWaitMs?: number;
  /** A trace of so many spans is finished at once. Default 1,000. */
  readonly maxTraceSpans?: number;
  /** Spans waiting. Default 20,000. */
  readonly maxSpans?: number;
  /** Bytes of them. Default 8 MiB. */
  readonly maxBytes?: number;
}

interface OpenTrace {
  readonly traceId: string;
  readonly firstMs: number;
  dueMs: number;
  readonly spans: WaitingSpan[];
  readonly ids: Set<string>;
  /** Parents in the traced process of a span that is here. */
  readonly localParents: Set<string>;
  bytes: number;
  startNs: bigint;
  endNs: bigint;
  failed: boolean;
}

export class TraceAssembler {
  readonly #quietMs: number;
  readonly #maxWaitMs: number;
  readonly #maxTraceSpans: number;
  readonly #maxSpans: number;
  readonly #maxBytes: number;
  #full: AssembledTrace[] = [];
  /** In the order in which they fall due. */
  readonly #open = new Map<string, OpenTrace>();
  #spans = 0;
  #bytes = 0;

  constructor(options: TraceAssemblerOptions = {}) {
    this.#quietMs = options.quietMs ?? 400;
    this.#maxWaitMs = options.maxWaitMs ?? 10_000;
    this.#maxTraceSpans = options.maxTraceSpans ?? 1_000;
    this.#maxSpans = options.maxSpans ?? 20_000;
    this.#maxBytes = options.maxBytes ?? 8 * 1024 * 1024;
  }

  /** Spans waiting. */
  get spans(): number {
    return this.#spans;
  }

  /**
   * Adds a Span message, which is copied.
   *
   * @throws {RangeError} when it is none; nothing has changed then.
   */
  add(resource: Resource, bytes: Uint8Array, nowMs: number): void {
    const peek = peekSpan(bytes);
    const trace = this.#open.get(peek.traceId) ?? newTrace(peek, nowMs);
    include(trace, peek);
    trace.spans.push({ resource, bytes: bytes.slice() });
    trace.bytes += bytes.length;
    this.#spans++;
    this.#bytes += bytes.length;
    if (trace.spans.length >= this.#maxTraceSpans) this.#full.push(this.#finish(trace));
    // One that never falls quiet keeps its place, and comes out when its time is over.
    else if (nowMs - trace.firstMs < this.#maxWaitMs) this.#queue(trace, nowMs);
  }

  /** Takes out the traces that are finished, and the oldest ones that there is no room for. */
  take(nowMs: number): AssembledTrace[] {
    const finished = this.#full;
    this.#full = [];
    for (const trace of this.#open.values()) {
      const full = this.#spans > this.#maxSpans || this.#bytes > this.#maxBytes;
      if (!full && trace.dueMs > nowMs) break;
      if (!full && hasOpenParent(trace) && nowMs - trace.firstMs < this.#maxWaitMs) this.#queue(trace, nowMs);
      else finished.push(this.#finish(trace));
    }
    return finished;
  }

  /** Takes out all traces, finished or not. */
  takeAll(): AssembledTrace[] {
    return [...this.take(0), ...Array.from(this.#open.values(), (trace) => this.#finish(trace))];
  }

  #queue(trace: OpenTrace, nowMs: number) {
    trace.dueMs = nowMs + this.#quietMs;
    this.#open.delete(trace.traceId);
    this.#open.set(trace.traceId, trace);
  }

  #finish(trace: OpenTrace): AssembledTrace {
    this.#open.delete(trace.traceId);
    this.#spans -= trace.spans.length;
    this.#bytes -= trace.bytes;
    const { traceId, spans, failed } = trace;
    return { traceId, spans, failed, durationNs: Number(trace.endNs - trace.startNs) };
  }
}

function newTrace({ traceId, startNs, endNs }: SpanPeek, nowMs: number): OpenTrace {
  return {
    traceId,
    firstMs: nowMs,
    dueMs: 0,
    spans: [],
    ids: new Set(),
    localParents: new Set(),
    bytes: 0,
    startNs,
    endNs,
    failed: false,
  };
}

function include(trace: OpenTrace, peek: SpanPeek): void {
  trace.ids.add(peek.spanId);
  if (peek.localParentId !== null) trace.localParents.add(peek.localParentId);
  if (peek.startNs < trace.startNs) trace.startNs = peek.startNs;
  if (peek.endNs > trace.endNs) trace.endNs = peek.endNs;
  trace.failed ||= peek.failed;
}

/** Whether a request of a traced process, whose call is here, is still going on. */
function hasOpenParent({ localParents, ids }: OpenTrace): boolean {
  return !localParents.isSubsetOf(ids);
}
