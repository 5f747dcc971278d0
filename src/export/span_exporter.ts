/** What an exporter is to the rest of the service: spans go in, exact counts come out. */
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Reason } from "../support/reason.ts";
import type { Resource } from "../trace/resource.ts";

/** Spans handed in = exported + queued + the sum of lost, at any time. */
export interface ExportStats {
  /** Acknowledged by the collector; with no endpoint: handed over. */
  readonly exported: number;
  /** Waiting, or on their way without an answer yet. */
  readonly queued: number;
  /**
   * By reason: queue_full, rejected, http_STATUS, grpc_STATUS, answer_too_large, retries_exhausted, too_large, malformed, replaced,
   * shutdown.
   */
  readonly lost: Readonly<Record<string, number>>;
  /** Requests that were acknowledged. */
  readonly batches: number;
  readonly retries: number;
  /** The newest failure, in words, or null. */
  readonly lastError: string | null;
  /** What is in the way now; null again once the collector takes a request whole. */
  readonly reason: Reason | null;
}

export interface SpanExporter {
  /** Takes the batch and its bytes over; never throws, never waits. */
  push(resource: Resource, batch: SpanBatch): void;
  stats(): ExportStats;
  /** Sends what is queued, for at most `deadlineMs`; what is left then is lost, and counted. */
  shutdown(deadlineMs: number): Promise<void>;
}
