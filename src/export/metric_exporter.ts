/**
 * Sends metrics to a collector by OTLP, once each interval and a last time at the end. Made by the composition
 * root; a reload calls configure() again. One collection is on its way at a time, so that with delta temporality
 * nothing is counted twice.
 */
import type { MetricsConfig } from "../config/config.ts";
import type { MetricSource } from "../metrics/types.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import { readCertificates } from "./certificates.ts";
import { createSender } from "./create_sender.ts";
import { MAX_REQUEST_BYTES } from "./encode_requests.ts";
import { type Destination, MetricDelivery, type MetricExportStats } from "./metric_delivery.ts";
import { OutageLog } from "./outage_log.ts";

export type { MetricExportStats };

export interface MetricExporterOptions {
  readonly source: MetricSource;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Time that an export may still take when a new configuration has replaced its collector. Default 10 s. */
  readonly drainMs?: number;
  /** Longer requests are cut. Default: what servers have to take. */
  readonly maxRequestBytes?: number;
}

export class MetricExporter implements AsyncDisposable {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #drainMs: number;
  readonly #delivery: MetricDelivery;
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
    const { source, log, clock = SYSTEM_CLOCK, drainMs = 10_000, maxRequestBytes = MAX_REQUEST_BYTES } =
      options;
    this.#log = log;
    this.#clock = clock;
    this.#drainMs = drainMs;
    this.#delivery = new MetricDelivery({
      source,
      log,
      clock,
      maxRequestBytes,
      stop: this.#stop.signal,
      hurry: this.#hurry.signal,
    });
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
    const next = config.url === null ? null : createSender({
      ...config,
      url: config.url,
      certificates,
      clock: this.#clock,
    });
    const before = this.#destination;
    this.#destination = next && {
      config,
      sender: next,
      outage: new OutageLog({ log: this.#log, clock: this.#clock, what: "metrics", to: next.origin }),
      stop: new AbortController(),
    };
    this.#made = made;
    this.#delivery.forgetReason();
    if (before !== null) this.#retire(before);
    this.#wake.abort();
    this.#wake = new AbortController();
    if (this.#destination !== null) this.#loop ??= this.#run();
    return true;
  }

  stats(): MetricExportStats {
    return this.#delivery.stats();
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
    await this.#delivery.export(this.#destination);
    this.#destination.sender[Symbol.dispose]();
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
      this.#busy = destination;
      await this.#delivery.export(destination);
      this.#busy = null;
      if (destination !== this.#destination) this.#dispose(destination);
      // Intervals that passed meanwhile are left out.
      dueAt += intervalMs * (1 + Math.floor((this.#clock.elapsed() - dueAt) / intervalMs));
    }
    this.#loop = null;
  }

  #retire(destination: Destination): void {
    if (destination !== this.#busy) return this.#dispose(destination);
    const timer = setTimeout(() => destination.stop.abort(), this.#drainMs);
    destination.stop.signal.addEventListener("abort", () => clearTimeout(timer));
  }

  #dispose({ stop, sender }: Destination): void {
    stop.abort();
    sender[Symbol.dispose]();
  }
}
