/**
 * The way of spans out of the agent, whatever the configuration says and however often it changes: to a collector,
 * or, without one, only into the count. Made by the composition root; a reload calls configure() again.
 */
import type { TracesConfig } from "../config/config.ts";
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Clock } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import type { Resource } from "../trace/resource.ts";
import { readCertificates } from "./certificates.ts";
import { OtlpExporter } from "./otlp_exporter.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "./retry.ts";
import type { ExportStats, SpanExporter } from "./span_exporter.ts";
import { SpanTally } from "./span_tally.ts";

export interface TraceExportOptions {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly retry?: RetryPolicy;
  /**
   * Time to deliver what waits for a collector that a new configuration has replaced. Default: as long as a request is
   * tried, so that a reload costs no span.
   */
  readonly drainMs?: number;
  /** Bytes that wait for replaced collectors; beyond, the oldest one's are lost. Default 64 MiB. */
  readonly maxDrainBytes?: number;
}

export class TraceExport implements SpanExporter, AsyncDisposable {
  readonly #options: TraceExportOptions;
  readonly #tally = new SpanTally();
  /** What `current` was made of. */
  #made = "";
  #current: OtlpExporter | null = null;
  /** Replaced ones that still deliver, oldest first. */
  readonly #replaced = new Set<OtlpExporter>();
  #closed = false;

  constructor(options: TraceExportOptions) {
    this.#options = options;
  }

  /**
   * Takes a configuration: spans that are pushed from now on go by it, those that wait are still delivered by the
   * one before. Returns whether anything is different now.
   *
   * @throws {Error} when it names certificates or headers that cannot be used; then nothing has changed.
   */
  configure(config: TracesConfig): boolean {
    const { log, clock, retry } = this.#options;
    const certificates = readCertificates(config);
    const made = config.url === null ? "" : JSON.stringify([config, certificates]);
    if (made === this.#made || this.#closed) return false;
    const next = config.url === null ? null : new OtlpExporter({
      ...config,
      url: config.url,
      certificates,
      log,
      tally: this.#tally,
      ...(clock && { clock }),
      ...(retry && { retry }),
    });
    if (this.#current !== null) this.#replace(this.#current);
    this.#current = next;
    this.#tally.hinder(null);
    this.#made = made;
    return true;
  }

  push(resource: Resource, batch: SpanBatch): void {
    if (this.#current !== null) return this.#current.push(resource, batch);
    this.#tally.queue(batch.count);
    this.#tally.deliver(batch.count);
  }

  /** Of all configurations together. */
  stats(): ExportStats {
    return this.#tally.stats();
  }

  async shutdown(deadlineMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#replaced, this.#current].map((exporter) => exporter?.shutdown(deadlineMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  #replace(exporter: OtlpExporter): void {
    const { drainMs = DEFAULT_RETRY_POLICY.maxElapsedMs, maxDrainBytes = 64 * 1024 * 1024 } = this.#options;
    this.#replaced.add(exporter);
    void exporter.retire(drainMs).finally(() => this.#replaced.delete(exporter));
    let bytes = 0;
    for (const each of [...this.#replaced].reverse()) {
      bytes += each.bytes;
      if (bytes > maxDrainBytes) void each.retire(0);
    }
  }
}
