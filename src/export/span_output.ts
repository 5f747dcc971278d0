/**
 * Where finished spans leave the pipeline: store, printer and exporter, in this order. The composition root makes
 * one and pushes every batch of the decoders into it.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Logger } from "../support/log.ts";
import type { SpanPrinter } from "../trace/printer.ts";
import type { Resource } from "../trace/resource.ts";
import { type SpanSlice, splitSpans } from "../trace/split.ts";
import type { TraceStore } from "../trace/store.ts";
import type { ExportStats, SpanExporter } from "./span_exporter.ts";

export interface SpanOutputOptions {
  readonly store: TraceStore;
  /** Null when nothing is to be printed. */
  readonly printer: SpanPrinter | null;
  readonly exporter: SpanExporter;
  readonly log: Logger;
}

export class SpanOutput {
  readonly #options: SpanOutputOptions;
  #malformed = 0;

  constructor(options: SpanOutputOptions) {
    this.#options = options;
  }

  /** Takes the batch and its bytes over; never throws. */
  push(resource: Resource, batch: SpanBatch): void {
    const { store, printer, exporter, log } = this.#options;
    let slices: SpanSlice[];
    try {
      slices = splitSpans(batch.bytes);
      if (slices.length !== batch.count) {
        throw new RangeError(`Cannot read batch: it holds ${slices.length} spans, must be ${batch.count}`);
      }
    } catch (error) {
      // One bad span would make a collector refuse the good ones that travel with it.
      this.#malformed += batch.count;
      log.error("decoder wrote a batch that is no run of spans", {
        pid: batch.pid,
        spans: batch.count,
        error,
      });
      return;
    }
    store.add(resource, batch);
    printer?.print(resource, batch.bytes, slices);
    exporter.push(resource, batch);
  }

  /** The exporter's counts and what never came to it. */
  stats(): ExportStats {
    const stats = this.#options.exporter.stats();
    if (this.#malformed === 0) return stats;
    return { ...stats, lost: { ...stats.lost, malformed: this.#malformed } };
  }

  /** Flushes everything, within `deadlineMs`. */
  async shutdown(deadlineMs: number): Promise<void> {
    const { printer, exporter } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const deadline = new Promise<void>((resolve) => timer = setTimeout(resolve, deadlineMs));
    await Promise.all([
      exporter.shutdown(deadlineMs),
      printer === null ? undefined : Promise.race([printer.flush(), deadline]),
    ]);
    clearTimeout(timer);
  }
}
