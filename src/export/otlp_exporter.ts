/**
 * Exports spans to one collector by OTLP: a bounded queue, batches, a few requests at a time, retries by the
 * rules of the OTLP specification. Every span handed in ends in exactly one count. Made by TraceExport, one for each
 * configuration.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import { type Reason, reasonOf } from "../support/reason.ts";
import type { Resource } from "../trace/resource.ts";
import { rejection } from "./collector_problem.ts";
import { createSender } from "./create_sender.ts";
import { deliver } from "./deliver.ts";
import { encodeRequests } from "./encode_requests.ts";
import { OutageLog } from "./outage_log.ts";
import { type QueueItem, SpanQueue } from "./queue.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "./retry.ts";
import type { Sender, SenderOptions } from "./sender.ts";
import type { ExportStats, SpanExporter } from "./span_exporter.ts";
import { SpanTally } from "./span_tally.ts";

export interface OtlpExporterOptions extends SenderOptions {
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
  /** Where spans are counted. Default: in a tally of its own. */
  readonly tally?: SpanTally;
}

const MAX_QUEUE_BYTES = 64 * 1024 * 1024;
/** Of encoded spans in one request. Well below what servers take by default, and JSON may be many times as long. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export class OtlpExporter implements SpanExporter, AsyncDisposable {
  readonly #options: OtlpExporterOptions;
  readonly #clock: Clock;
  readonly #tally: SpanTally;
  readonly #queue: SpanQueue;
  readonly #sender: Sender;
  readonly #outage: OutageLog;
  readonly #deliveries = new Set<Promise<void>>();
  /** Ends requests and waits; what is unfinished then is lost. */
  readonly #stop = new AbortController();
  /** Ends waits only, so that a shutdown tries once more at once. */
  readonly #hurry = new AbortController();
  /** Ends the wait for company; null while nothing waits for it. */
  #waiting: AbortController | null = null;
  #closing = false;
  #closed: Promise<void> | null = null;
  #inFlightSpans = 0;
  #inFlightBytes = 0;
  #lossReason = "shutdown";

  /** @throws {Error} when the options hold a header that cannot be sent. */
  constructor(options: OtlpExporterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#tally = options.tally ?? new SpanTally();
    this.#sender = createSender(options);
    this.#outage = new OutageLog({
      log: options.log,
      clock: this.#clock,
      what: "spans",
      to: this.#sender.origin,
    });
    this.#queue = new SpanQueue({
      maxSpans: options.maxQueue,
      maxBytes: options.maxQueueBytes ?? MAX_QUEUE_BYTES,
      maxBatch: options.maxBatch,
      maxBatchBytes: MAX_BATCH_BYTES,
    });
  }

  /** Of spans that wait or are on their way. */
  get bytes(): number {
    return this.#queue.bytes + this.#inFlightBytes;
  }

  push(resource: Resource, batch: SpanBatch): void {
    if (this.#closing) return this.#tally.refuse("shutdown", batch.count);
    const lost = this.#queue.put(resource, batch, {
      at: this.#clock.elapsed(),
      elsewhere: this.#inFlightSpans,
    });
    this.#tally.queue(batch.count - lost);
    if (lost > 0) {
      this.#tally.refuse("queue_full", lost);
      this.#options.log.warn("export queue is full, spans are lost", {
        lost,
        lastError: this.#tally.lastError,
      });
    }
    this.#pump();
  }

  stats(): ExportStats {
    return this.#tally.stats();
  }

  /**
   * Takes no more spans and delivers what waits as the rules say, for at most `deadlineMs`; what is left then is lost
   * by the name of "replaced". May be called again with an earlier deadline.
   */
  async retire(deadlineMs: number): Promise<void> {
    await this.#end(deadlineMs, "replaced");
  }

  /** As retire(), but what waits to be tried again is tried at once, and what is left is lost by "shutdown". */
  async shutdown(deadlineMs: number): Promise<void> {
    this.#hurry.abort();
    await this.#end(deadlineMs, "shutdown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  async #end(deadlineMs: number, lossReason: string): Promise<void> {
    const deadline = setTimeout(() => {
      this.#lossReason = lossReason;
      this.#stop.abort();
    }, deadlineMs);
    this.#closed ??= this.#close();
    await this.#closed;
    clearTimeout(deadline);
  }

  async #close(): Promise<void> {
    this.#closing = true;
    this.#waiting?.abort();
    this.#pump();
    while (this.#deliveries.size > 0) await Promise.all(this.#deliveries);
    this.#sender[Symbol.dispose]();
  }

  /** Starts deliveries as long as there is reason and room; else makes sure to be called again in time. */
  #pump(): void {
    const { maxBatch, delayMs, maxInFlight = 4 } = this.#options;
    while (this.#queue.spans > 0 && this.#deliveries.size < maxInFlight) {
      const waitMs = this.#queue.oldestAt! + delayMs - this.#clock.elapsed();
      if (this.#queue.spans < maxBatch && waitMs > 0 && !this.#closing) {
        this.#waiting ??= this.#pumpAfter(waitMs);
        return;
      }
      const delivery = this.#deliver(this.#queue.take()).finally(() => {
        this.#deliveries.delete(delivery);
        this.#pump();
      });
      this.#deliveries.add(delivery);
    }
  }

  #pumpAfter(ms: number): AbortController {
    const waiting = new AbortController();
    void this.#clock.sleep(ms, waiting.signal).then(() => {
      this.#waiting = null;
      this.#pump();
    });
    return waiting;
  }

  async #deliver(items: readonly QueueItem[]): Promise<void> {
    const spans = items.reduce((sum, { count }) => sum + count, 0);
    const bytes = items.reduce((sum, item) => sum + item.bytes.length, 0);
    this.#inFlightSpans += spans;
    this.#inFlightBytes += bytes;
    const { requests, lost } = encodeRequests(items, this.#options);
    for (const [reason, count] of Object.entries(lost)) this.#lose(reason, count);
    for (const request of requests) await this.#send(request);
    this.#inFlightSpans -= spans;
    this.#inFlightBytes -= bytes;
  }

  async #send({ spans, message }: { spans: number; message: Uint8Array<ArrayBuffer> }): Promise<void> {
    const tally = this.#tally;
    const { log, retry = DEFAULT_RETRY_POLICY } = this.#options;
    const result = await deliver(message, {
      sender: this.#sender,
      retry,
      clock: this.#clock,
      outage: this.#outage,
      stop: this.#stop.signal,
      hurry: this.#hurry.signal,
      onRetry: () => tally.retry(),
      onError: (error, reason) => {
        tally.fail(error);
        this.#hinder(reason);
      },
    });
    if (result.kind === "given up") {
      this.#lose(result.reason === "shutdown" ? this.#lossReason : result.reason, spans);
      return;
    }
    const rejected = Math.min(result.rejected, spans);
    tally.acknowledge();
    tally.deliver(spans - rejected);
    tally.lose("rejected", rejected);
    this.#hinder(rejected > 0 ? reasonOf(rejection(rejected, "spans", result.message)) : null);
    if (rejected > 0 || result.message !== "") {
      tally.fail(
        `Collector rejected ${rejected} of ${spans} spans: ${result.message || "no reason given"}`,
      );
      log.warn("collector answered with a partial success", { rejected, spans, message: result.message });
    }
  }

  /** One that has been replaced says nothing of the collector of now. */
  #hinder(reason: Reason | null): void {
    if (!this.#closing) this.#tally.hinder(reason);
  }

  #lose(reason: string, spans: number): void {
    this.#tally.lose(reason, spans);
    this.#options.log.warn("spans are lost", { reason, spans, lastError: this.#tally.lastError });
  }
}
