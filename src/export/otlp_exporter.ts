/**
 * Exports spans by OTLP http/protobuf: a bounded queue, batches, a few requests at a time, retries by the rules of
 * the OTLP specification. Every span handed in ends in exactly one count.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import type { Resource } from "../trace/resource.ts";
import { HttpSender, type HttpSenderOptions } from "./http_sender.ts";
import { encodeRequest } from "./otlp_request.ts";
import { type QueueItem, SpanQueue } from "./queue.ts";
import { DEFAULT_RETRY_POLICY, retryDelayMs, type RetryPolicy } from "./retry.ts";
import type { ExportStats, SpanExporter } from "./span_exporter.ts";

export interface OtlpExporterOptions extends HttpSenderOptions {
  /** Spans waiting or on their way. */
  readonly maxQueue: number;
  /** Bytes of the spans waiting. Default 64 MiB. */
  readonly maxQueueBytes?: number;
  readonly maxBatch: number;
  /** Longest time a span waits for company. */
  readonly delayMs: number;
  /** Requests at a time. Default 4. */
  readonly maxInFlight?: number;
  readonly retry?: RetryPolicy;
  readonly log: Logger;
  readonly clock?: Clock;
}

export class OtlpExporter implements SpanExporter, AsyncDisposable {
  readonly #options: OtlpExporterOptions;
  readonly #clock: Clock;
  readonly #queue: SpanQueue;
  readonly #sender: HttpSender;
  readonly #deliveries = new Set<Promise<void>>();
  /** Ends requests and waits; what is unfinished then is lost. */
  readonly #stop = new AbortController();
  /** Ends waits only, so that a shutdown tries once more at once. */
  readonly #hurry = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closing = false;
  #inFlightSpans = 0;
  #exported = 0;
  #lost: Record<string, number> = {};
  #batches = 0;
  #retries = 0;
  #lastError: string | null = null;

  constructor(options: OtlpExporterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#sender = new HttpSender(options);
    this.#queue = new SpanQueue({
      maxSpans: options.maxQueue,
      maxBytes: options.maxQueueBytes ?? 64 * 1024 * 1024,
      maxBatch: options.maxBatch,
    });
  }

  push(resource: Resource, batch: SpanBatch): void {
    if (this.#closing) return this.#lose("shutdown", batch.count);
    const lost = this.#queue.put(resource, batch, {
      at: this.#clock.elapsed(),
      elsewhere: this.#inFlightSpans,
    });
    if (lost > 0) {
      this.#lose("queue_full", lost);
      this.#options.log.warn("export queue is full, spans are lost", { lost, lastError: this.#lastError });
    }
    this.#pump();
  }

  stats(): ExportStats {
    return {
      exported: this.#exported,
      queued: this.#queue.spans + this.#inFlightSpans,
      lost: { ...this.#lost },
      batches: this.#batches,
      retries: this.#retries,
      lastError: this.#lastError,
    };
  }

  async shutdown(deadlineMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#clearTimer();
    this.#hurry.abort();
    const deadline = setTimeout(() => this.#stop.abort(), deadlineMs);
    this.#pump();
    while (this.#deliveries.size > 0) await Promise.all(this.#deliveries);
    clearTimeout(deadline);
    this.#sender[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  /** Starts deliveries as long as there is reason and room; else makes sure to be called again in time. */
  #pump(): void {
    const { maxBatch, delayMs, maxInFlight = 4 } = this.#options;
    while (this.#queue.spans > 0 && this.#deliveries.size < maxInFlight) {
      const waitMs = this.#queue.oldestAt! + delayMs - this.#clock.elapsed();
      if (this.#queue.spans < maxBatch && waitMs > 0 && !this.#closing) {
        this.#timer ??= setTimeout(() => {
          this.#timer = null;
          this.#pump();
        }, waitMs);
        return;
      }
      const delivery = this.#deliver(this.#queue.take()).finally(() => {
        this.#deliveries.delete(delivery);
        this.#pump();
      });
      this.#deliveries.add(delivery);
    }
  }

  async #deliver(items: readonly QueueItem[]): Promise<void> {
    const { log } = this.#options;
    const spans = items.reduce((sum, { count }) => sum + count, 0);
    this.#inFlightSpans += spans;
    const result = await this.#send(items);
    this.#inFlightSpans -= spans;
    if (result.kind === "lost") {
      this.#lose(result.reason, spans);
      log.warn("spans are lost", { reason: result.reason, spans, lastError: this.#lastError });
      return;
    }
    const rejected = Math.min(result.rejected, spans);
    this.#batches++;
    this.#exported += spans - rejected;
    this.#lose("rejected", rejected);
    if (rejected > 0 || result.message !== "") {
      this.#lastError = `Collector rejected ${rejected} of ${spans} spans: ${
        result.message || "no reason given"
      }`;
      log.warn("collector answered with a partial success", { rejected, spans, message: result.message });
    }
  }

  /** Sends one batch, as often as the rules allow. */
  async #send(
    items: readonly QueueItem[],
  ): Promise<{ kind: "accepted"; rejected: number; message: string } | { kind: "lost"; reason: string }> {
    const { retry = DEFAULT_RETRY_POLICY, log } = this.#options;
    const beganAt = this.#clock.elapsed();
    const request = await this.#sender.prepare(encodeRequest(items));
    for (let attempt = 1;; attempt++) {
      const result = await this.#sender.send(request, this.#stop.signal);
      if (result.kind === "accepted") return result;
      if (result.kind === "aborted") return { kind: "lost", reason: "shutdown" };
      this.#lastError = `Cannot export to ${this.#origin()}: ${result.why}`;
      if (result.kind === "refused") return { kind: "lost", reason: `http_${result.status}` };
      const delayMs = retryDelayMs(retry, {
        attempt,
        elapsedMs: this.#clock.elapsed() - beganAt,
        retryAfterMs: result.retryAfterMs,
        random: Math.random(),
      });
      if (delayMs === null) return { kind: "lost", reason: "retries_exhausted" };
      log.warn("cannot export, will try again", { why: result.why, attempt, delayMs: Math.round(delayMs) });
      await this.#wait(delayMs);
      if (this.#stop.signal.aborted) return { kind: "lost", reason: "shutdown" };
      this.#retries++;
    }
  }

  /** Sleeps; the begin of a shutdown cuts one sleep of each delivery short, its deadline every one. */
  async #wait(delayMs: number): Promise<void> {
    const signals = this.#hurry.signal.aborted
      ? [this.#stop.signal]
      : [this.#stop.signal, this.#hurry.signal];
    await this.#clock.sleep(delayMs, AbortSignal.any(signals));
  }

  #lose(reason: string, spans: number): void {
    if (spans > 0) this.#lost[reason] = (this.#lost[reason] ?? 0) + spans;
  }

  /** The collector without path, query or secrets. */
  #origin(): string {
    return new URL(this.#options.url).origin;
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
