/** One collection after the other on its way to a collector, and the counts of all. Owned by MetricExporter. */
import type { MetricsConfig } from "../config/config.ts";
import type { MetricCollection, MetricSource } from "../metrics/types.ts";
import type { Clock } from "../support/clock.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import { type Reason, reasonOf } from "../support/reason.ts";
import { rejection } from "./collector_problem.ts";
import { deliver } from "./deliver.ts";
import type { PartialSuccess } from "./otlp_response.ts";
import type { OutageLog } from "./outage_log.ts";
import type { Sender } from "./sender.ts";
import { splitMetrics } from "./split_metrics.ts";

/** Counts since the beginning, over all configurations. */
export interface MetricExportStats {
  /** Collections that a collector acknowledged. */
  readonly exports: number;
  /** Data points that it took. */
  readonly points: number;
  /**
   * Collections that were given up, by reason: http_STATUS, grpc_STATUS, answer_too_large, retries_exhausted, too_large, collect,
   * shutdown, replaced. What they measured is not lost: the next one has it too.
   */
  readonly failed: Readonly<Record<string, number>>;
  /** Data points that a collector rejected. */
  readonly rejected: number;
  readonly retries: number;
  /** The newest failure, in words, or null. */
  readonly lastError: string | null;
  /** What is in the way now; null again once a collection is delivered whole. */
  readonly reason: Reason | null;
}

/** A collector and how it is served. */
export interface Destination {
  readonly config: MetricsConfig;
  readonly sender: Sender;
  readonly outage: OutageLog;
  /** Ends what is on its way there, because it has been replaced. */
  readonly stop: AbortController;
}

export interface MetricDeliveryOptions {
  readonly source: MetricSource;
  readonly log: Logger;
  readonly clock: Clock;
  readonly maxRequestBytes: number;
  /** Ends everything. */
  readonly stop: AbortSignal;
  /** Ends a wait between attempts once. */
  readonly hurry: AbortSignal;
}

/** Within one interval. */
const RETRY = { initialMs: 250, maxMs: 5_000 };

export class MetricDelivery {
  readonly #options: MetricDeliveryOptions;
  readonly #failed: Record<string, number> = {};
  #exports = 0;
  #points = 0;
  #rejected = 0;
  #retries = 0;
  #lastError: string | null = null;
  #reason: Reason | null = null;

  constructor(options: MetricDeliveryOptions) {
    this.#options = options;
  }

  stats(): MetricExportStats {
    return {
      exports: this.#exports,
      points: this.#points,
      failed: { ...this.#failed },
      rejected: this.#rejected,
      retries: this.#retries,
      lastError: this.#lastError,
      reason: this.#reason,
    };
  }

  /** Another collector is used from now on. */
  forgetReason(): void {
    this.#reason = null;
  }

  /** Collects, sends as often as the rules and the interval allow, and settles; never rejects. */
  async export(destination: Destination): Promise<void> {
    const stop = AbortSignal.any([this.#options.stop, destination.stop.signal]);
    let reason = await this.#collectAndSend(destination, stop);
    if (reason === null) return;
    if (reason === "shutdown" && destination.stop.signal.aborted) reason = "replaced";
    this.#failed[reason] = (this.#failed[reason] ?? 0) + 1;
    this.#options.log.warn("metrics are not delivered", { reason, lastError: this.#lastError });
  }

  /** Returns why they are not delivered, or null. */
  async #collectAndSend(destination: Destination, stop: AbortSignal): Promise<string | null> {
    const { source, maxRequestBytes: maxBytes } = this.#options;
    const { temporality, protocol } = destination.config;
    let collection: MetricCollection | null | "aborted";
    let messages: Uint8Array<ArrayBuffer>[] | null;
    try {
      collection = await unlessAborted(() => source.collect(temporality), stop);
      if (collection === null) return null;
      if (collection === "aborted") return "shutdown";
      messages = splitMetrics(collection.encode(protocol), { protocol, maxBytes });
    } catch (error) {
      this.#fail({
        code: "metrics-not-collected",
        message: `Cannot collect metrics: ${describeError(error)}`,
        remedy: "Nothing, if it passes; else report it with the agent's log",
      });
      return "collect";
    }
    if (messages === null) {
      this.#fail({
        code: "metrics-too-large",
        message: "Cannot export metrics: those of one process are larger than a request may be",
        remedy: "Ask for fewer series: attributes.select, routes.patterns",
      });
      collection.settle("failed");
      return "too_large";
    }
    let rejected = 0;
    let reason: string | null = null;
    let delivered = 0;
    for (const message of messages) {
      const result = await this.#deliver(message, destination, stop);
      if (result.kind === "given up") {
        reason = result.reason;
        break;
      }
      delivered++;
      rejected += result.rejected;
      if (result.rejected > 0 || result.message !== "") this.#notePartial(result);
    }
    // Where only some parts arrived, sending all again would count those twice.
    collection.settle(delivered > 0 ? "delivered" : "failed");
    rejected = Math.min(rejected, collection.points);
    this.#rejected += rejected;
    if (reason !== null) return reason;
    if (rejected === 0) this.#reason = null;
    this.#exports++;
    this.#points += collection.points - rejected;
    return null;
  }

  #deliver(message: Uint8Array<ArrayBuffer>, { sender, outage, config }: Destination, stop: AbortSignal) {
    const { clock, hurry } = this.#options;
    const retry = { ...RETRY, maxElapsedMs: config.intervalMs };
    const onRetry = () => this.#retries++;
    const onError = (error: string, reason: Reason) => {
      this.#lastError = error;
      this.#reason = reason;
    };
    return deliver(message, { sender, retry, clock, outage, stop, hurry, onRetry, onError });
  }

  #fail(reason: Reason): void {
    this.#lastError = reason.message;
    this.#reason = reason;
  }

  #notePartial({ rejected, message }: PartialSuccess): void {
    if (rejected > 0) this.#reason = reasonOf(rejection(rejected, "data points", message));
    this.#lastError = `Collector rejected ${rejected} data points: ${message || "no reason given"}`;
    this.#options.log.warn("collector answered with a partial success", { rejected, message });
  }
}

/** A stage that never answers must not hold up the end. */
async function unlessAborted<T>(begin: () => Promise<T>, signal: AbortSignal): Promise<T | "aborted"> {
  if (signal.aborted) return "aborted";
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  const onAbort = () => resolve("aborted");
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
