/**
 * Sends metrics to a collector by OTLP/HTTP, once each interval and a last time at the end. Made by the composition
 * root; a reload calls configure() again. One collection is on its way at a time, so that with delta temporality
 * nothing is counted twice.
 */
import type { MetricsConfig } from "../config/config.ts";
import type { MetricCollection, MetricSource } from "../metrics/types.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import { readCertificates } from "./certificates.ts";
import { deliver } from "./deliver.ts";
import { HttpSender } from "./http_sender.ts";
import { splitMetrics } from "./split_metrics.ts";

export interface MetricExporterOptions {
  readonly source: MetricSource;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Time that an export may still take when a new configuration has replaced its collector. Default 10 s. */
  readonly drainMs?: number;
}

/** Counts since the beginning, over all configurations. */
export interface MetricExportStats {
  /** Collections that a collector acknowledged. */
  readonly exports: number;
  /** Data points that it took. */
  readonly points: number;
  /**
   * Collections that were given up, by reason: http_STATUS, answer_too_large, retries_exhausted, too_large, collect,
   * shutdown, replaced. What they measured is not lost: the next one has it too.
   */
  readonly failed: Readonly<Record<string, number>>;
  /** Data points that a collector rejected. */
  readonly rejected: number;
  readonly retries: number;
  /** The newest failure, in words, or null. */
  readonly lastError: string | null;
}

/** A collector and how it is served. */
interface Destination {
  readonly config: MetricsConfig;
  readonly sender: HttpSender;
  /** Ends what is on its way there. */
  readonly stop: AbortController;
}

const DRAIN_MS = 10_000;
/** Within one interval. */
const RETRY = { initialMs: 250, maxMs: 5_000 };

export class MetricExporter implements AsyncDisposable {
  readonly #options: MetricExporterOptions;
  readonly #clock: Clock;
  readonly #counts = {
    exports: 0,
    points: 0,
    failed: {} as Record<string, number>,
    rejected: 0,
    retries: 0,
    lastError: null as string | null,
  };
  /** What the destination was made of. */
  #made = "";
  #destination: Destination | null = null;
  /** The one to which an export is on its way. */
  #busy: Destination | null = null;
  #loop: Promise<void> | null = null;
  #closed: Promise<void> | null = null;
  /** Ends the wait for the next export. */
  #wake = new AbortController();
  /** Ends a wait between attempts, so that a shutdown tries again at once. */
  readonly #hurry = new AbortController();
  readonly #stop = new AbortController();

  constructor(options: MetricExporterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /**
   * Takes a configuration. An export that is on its way ends at the collector where it began; the next one goes by
   * the new configuration. Returns whether anything is different now.
   *
   * @throws {Error} when it names certificates or headers that cannot be used; then nothing has changed.
   */
  configure(config: MetricsConfig): boolean {
    const certificates = readCertificates(config);
    const made = config.url === null ? "" : JSON.stringify([config, certificates]);
    if (made === this.#made || this.#closed !== null) return false;
    const before = this.#destination;
    this.#destination = config.url === null ? null : {
      config,
      sender: new HttpSender({ ...config, url: config.url, certificates, clock: this.#clock }),
      stop: new AbortController(),
    };
    this.#made = made;
    if (before !== null) this.#retire(before);
    this.#wake.abort();
    this.#wake = new AbortController();
    if (this.#destination !== null) this.#loop ??= this.#run();
    return true;
  }

  stats(): MetricExportStats {
    return structuredClone(this.#counts);
  }

  /** Ends what is on its way and sends a last time, within `deadlineMs`. */
  async shutdown(deadlineMs: number): Promise<void> {
    const deadline = setTimeout(() => this.#stop.abort(), deadlineMs);
    this.#closed ??= this.#close();
    await this.#closed;
    clearTimeout(deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  async #close(): Promise<void> {
    this.#wake.abort();
    this.#hurry.abort();
    await this.#loop;
    if (this.#destination === null) return;
    await this.#export(this.#destination);
    this.#destination.sender[Symbol.dispose]();
  }

  #retire(destination: Destination): void {
    if (destination !== this.#busy) return destination.sender[Symbol.dispose]();
    const timer = setTimeout(() => destination.stop.abort(), this.#options.drainMs ?? DRAIN_MS);
    destination.stop.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  /** Exports each interval, until there is no destination or the end. */
  async #run(): Promise<void> {
    let dueAt = Infinity;
    while (this.#destination !== null && this.#closed === null) {
      const destination = this.#destination;
      const { intervalMs } = destination.config;
      const now = this.#clock.elapsed();
      dueAt = Math.min(dueAt, now + intervalMs);
      if (dueAt > now) {
        await this.#clock.sleep(dueAt - now, this.#wake.signal);
        continue;
      }
      await this.#export(destination);
      // Intervals that passed meanwhile are left out.
      dueAt += intervalMs * (1 + Math.floor((this.#clock.elapsed() - dueAt) / intervalMs));
    }
    this.#loop = null;
  }

  async #export(destination: Destination): Promise<void> {
    this.#busy = destination;
    const stop = AbortSignal.any([this.#stop.signal, destination.stop.signal]);
    const failure = await this.#collectAndSend(destination, stop);
    this.#busy = null;
    if (destination !== this.#destination) {
      destination.stop.abort();
      destination.sender[Symbol.dispose]();
    }
    if (failure === null) return;
    this.#counts.failed[failure] = (this.#counts.failed[failure] ?? 0) + 1;
    this.#options.log.warn("metrics are not delivered", {
      reason: failure,
      lastError: this.#counts.lastError,
    });
  }

  /** Returns the reason of a failure, or null. */
  async #collectAndSend(destination: Destination, stop: AbortSignal): Promise<string | null> {
    const { temporality, protocol } = destination.config;
    let collection: MetricCollection | null;
    let messages: Uint8Array<ArrayBuffer>[] | null;
    try {
      const collected = await unlessAborted(this.#options.source.collect(temporality), stop);
      if (collected === "aborted") return this.#reasonOf(destination);
      collection = collected;
      if (collection === null) return null;
      messages = splitMetrics(collection.encode(protocol), { protocol });
    } catch (error) {
      this.#counts.lastError = `Cannot collect metrics: ${describeError(error)}`;
      return "collect";
    }
    if (messages === null) {
      this.#counts.lastError = "Cannot export metrics: those of one process are larger than a request may be";
      collection.settle("failed");
      return "too_large";
    }
    return await this.#send(destination, { collection, messages, stop });
  }

  async #send(
    destination: Destination,
    { collection, messages, stop }: {
      collection: MetricCollection;
      messages: readonly Uint8Array<ArrayBuffer>[];
      stop: AbortSignal;
    },
  ): Promise<string | null> {
    const counts = this.#counts;
    let rejected = 0;
    let failure: string | null = null;
    let delivered = 0;
    for (const message of messages) {
      const result = await deliver(message, {
        sender: destination.sender,
        retry: { ...RETRY, maxElapsedMs: destination.config.intervalMs },
        clock: this.#clock,
        log: this.#options.log,
        stop,
        hurry: this.#hurry.signal,
        onRetry: () => counts.retries++,
        onError: (error) => counts.lastError = error,
      });
      if (result.kind === "given up") {
        failure = result.reason === "shutdown" ? this.#reasonOf(destination) : result.reason;
        break;
      }
      delivered++;
      rejected += result.rejected;
      if (result.rejected > 0 || result.message !== "") this.#notePartial(result);
    }
    // Where only some parts arrived, sending all again would count those twice.
    collection.settle(delivered > 0 ? "delivered" : "failed");
    counts.rejected += Math.min(rejected, collection.points);
    if (failure === null) {
      counts.exports++;
      counts.points += collection.points - Math.min(rejected, collection.points);
    }
    return failure;
  }

  #notePartial({ rejected, message }: { rejected: number; message: string }): void {
    this.#counts.lastError = `Collector rejected ${rejected} data points: ${message || "no reason given"}`;
    this.#options.log.warn("collector answered with a partial success", { rejected, message });
  }

  #reasonOf(destination: Destination): string {
    return destination.stop.signal.aborted ? "replaced" : "shutdown";
  }
}

/** A stage that never answers must not hold up the end. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | "aborted"> {
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  const onAbort = () => resolve("aborted");
  if (signal.aborted) return "aborted";
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
