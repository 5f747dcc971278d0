/**
 * The agent's metrics: takes snapshots of the RED stage and answers those who send or show them. Made by the
 * composition root, which says who the processes are and when a stage or a process ended.
 */
import type { MeasureConfig } from "../config/config.ts";
import type { RedSnapshot } from "../red/types.ts";
import type { Clock } from "../support/clock.ts";
import type { Resource } from "../trace/resource.ts";
import { familiesOf, type Family } from "./families.ts";
import { GraphHistory, graphReport } from "./graph.ts";
import { OtlpMetricSource } from "./otlp_source.ts";
import { renderPrometheus } from "./prometheus.ts";
import { RedTotals } from "./totals.ts";
import type { GraphReport, MetricSource, MetricViews, SelfMetric, ServicesReport } from "./types.ts";
import { ServiceHistory } from "./views.ts";

export interface MetricsOptions {
  readonly clock: Clock;
  /** What holds now; a reload may change it. */
  readonly measure: () => MeasureConfig;
  /** The running stage's snapshot, or null where none runs. */
  readonly snapshot: () => Promise<RedSnapshot | null>;
  readonly lookup: (resource: number) => Resource | undefined;
  /** The agent itself. */
  readonly own: () => Resource;
  readonly self: () => readonly SelfMetric[] | Promise<readonly SelfMetric[]>;
  /** A process that ended is past its ttl: the stage and the lookup may forget it. */
  readonly onForget: (resource: number) => void;
}

export class Metrics implements MetricViews {
  readonly #options: MetricsOptions;
  readonly #totals = new RedTotals();
  readonly #services: ServiceHistory;
  readonly #graph = new GraphHistory();
  /** When each ended, on the clock that only goes forward. */
  readonly #ended = new Map<number, number>();
  /** For the OTLP exporter. */
  readonly source: MetricSource;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#services = new ServiceHistory(options.lookup);
    this.source = new OtlpMetricSource({ families: () => this.#families(), now: options.clock.now });
  }

  /** A stage has ended; `last` is what it had measured. */
  stageEnded(last: RedSnapshot): void {
    this.#totals.fold(last);
  }

  /** What stages that have ended measured. */
  past(): RedSnapshot {
    return this.#totals.with(null);
  }

  /** A process is measured, maybe one that had ended. */
  processBegan(resource: number): void {
    this.#ended.delete(resource);
  }

  processEnded(resource: number): void {
    this.#ended.set(resource, this.#options.clock.elapsed());
  }

  /** Takes a point of the history; to be called every two seconds while spans flow. */
  async sample(): Promise<void> {
    const snapshot = await this.#fresh();
    const atMs = this.#options.clock.now();
    this.#services.sample(snapshot, atMs);
    this.#graph.sample(snapshot, atMs);
  }

  services(windowSeconds: number): ServicesReport {
    return this.#services.services(windowSeconds, this.#options.clock.now());
  }

  graph(windowSeconds: number): GraphReport {
    return graphReport(this.#graph, { windowSeconds, nowMs: this.#options.clock.now(), ...this.#context() });
  }

  async render(format: "prometheus" | "openmetrics"): Promise<string> {
    const families = await this.#families();
    const all = families.flatMap(({ points }) => points.map(({ resource }) => resource));
    return renderPrometheus({
      families,
      resources: [...new Set(all)],
      self: await this.#options.self(),
      format,
    });
  }

  async #families(): Promise<readonly Family[]> {
    return familiesOf(await this.#fresh(), this.#context());
  }

  #context() {
    const { measure, lookup, own } = this.#options;
    return { measure: measure(), lookup, own: own() };
  }

  async #fresh(): Promise<RedSnapshot> {
    const { measure, clock, snapshot, onForget } = this.#options;
    for (const [resource, at] of this.#ended) {
      if (clock.elapsed() - at < measure().ttlMs) continue;
      this.#ended.delete(resource);
      this.#totals.forget(resource);
      onForget(resource);
    }
    return this.#totals.with(await snapshot());
  }
}
