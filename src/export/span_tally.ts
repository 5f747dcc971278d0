/**
 * The counts of one or several exporters that follow each other. Every span handed in is queued, exported or lost,
 * so the sums hold at any time. Owned by TraceExport.
 */
import type { Reason } from "../support/reason.ts";
import type { ExportStats } from "./span_exporter.ts";

export class SpanTally {
  #queued = 0;
  #exported = 0;
  #batches = 0;
  #retries = 0;
  #lastError: string | null = null;
  #reason: Reason | null = null;
  readonly #lost: Record<string, number> = {};

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Spans wait from now on. */
  queue(spans: number): void {
    this.#queued += spans;
  }

  /** Spans that waited are exported. */
  deliver(spans: number): void {
    this.#queued -= spans;
    this.#exported += spans;
  }

  /** Spans that waited are lost. */
  lose(reason: string, spans: number): void {
    this.#queued -= spans;
    this.refuse(reason, spans);
  }

  /** Spans are lost before they waited. */
  refuse(reason: string, spans: number): void {
    if (spans > 0) this.#lost[reason] = (this.#lost[reason] ?? 0) + spans;
  }

  /** A request was acknowledged. */
  acknowledge(): void {
    this.#batches++;
  }

  retry(): void {
    this.#retries++;
  }

  fail(error: string): void {
    this.#lastError = error;
  }

  /** What is in the way of the collector that is in use now; null: nothing that is known. */
  hinder(reason: Reason | null): void {
    this.#reason = reason;
  }

  stats(): ExportStats {
    return {
      exported: this.#exported,
      queued: this.#queued,
      lost: { ...this.#lost },
      batches: this.#batches,
      retries: this.#retries,
      lastError: this.#lastError,
      reason: this.#reason,
    };
  }
}
