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
import { inheritedEdges } from "./inheritance.ts";
import { seriesMetrics } from "./series_metrics.ts";
import { goOn, RedTotals } from "./totals.ts";
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
  readonly #graph: GraphHistory;
  /** When each ended, on the clock that only goes forward. */
  readonly #ended = new Map<number, number>();
  /** Changes whenever something goes from the stage to the totals. */
  #turn = 0;
  /** What held at the newest snapshot. */
  #measure: MeasureConfig;
  /** For the OTLP exporter. */
  readonly source: MetricSource;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#measure = options.measure();
    this.#services = new ServiceHistory(options.lookup);
    this.#graph = new GraphHistory(options.lookup);
    this.source = new OtlpMetricSource({ families: () => this.#families(), now: options.clock.now });
  }

  /** A stage has ended; `last` is what it had measured. */
  stageEnded(last: RedSnapshot): void {
    this.#turn++;
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
    return this.#services.services({
      windowSeconds,
      nowMs: this.#options.clock.now(),
      isGone: (resource) => this.#isGone(resource),
      isRunning: (resource) => !this.#ended.has(resource),
    });
  }

  graph(windowSeconds: number): GraphReport {
    return graphReport(this.#graph, {
      windowSeconds,
      nowMs: this.#options.clock.now(),
      isGone: (resource) => this.#isGone(resource),
    });
  }

  async render(format: "prometheus" | "openmetrics"): Promise<string> {
    const snapshot = await this.#fresh();
    const families = familiesOf(snapshot, this.#context());
    const all = families.flatMap(({ points }) => points.map(({ resource }) => resource));
    return renderPrometheus({
      families,
      resources: [...new Set(all)],
      self: [...await this.#options.self(), ...seriesMetrics(snapshot)],
      format,
    });
  }

  async #families(): Promise<readonly Family[]> {
    return familiesOf(await this.#fresh(), this.#context());
  }

  #context() {
    const { lookup, own } = this.#options;
    return { measure: this.#measure, lookup, own: own() };
  }

  /** Past its ttl, or forgotten already. */
  #isGone(resource: number): boolean {
    const at = this.#ended.get(resource);
    return this.#options.lookup(resource) === undefined ||
      at !== undefined && this.#options.clock.elapsed() - at >= this.#options.measure().ttlMs;
  }

  async #fresh(): Promise<RedSnapshot> {
    const { snapshot, onForget } = this.#options;
    const turn = this.#turn;
    const current = await snapshot();
    // What the stage said then may be in the totals by now.
    if (turn !== this.#turn) return await this.#fresh();
    this.#configure();
    const gone = new Set([...this.#ended.keys()].filter((resource) => this.#isGone(resource)));
    if (gone.size === 0) return this.#totals.with(current);
    this.#turn++;
    const inherited = inheritedEdges(this.#totals.with(current).edges, gone, this.#options.lookup);
    for (const resource of gone) {
      this.#ended.delete(resource);
      this.#totals.forget(resource);
      onForget(resource);
    }
    this.#totals.inherit(inherited);
    return await this.#fresh();
  }

  /** Where another configuration begins series anew, what ended stages measured of them goes. */
  #configure(): void {
    const before = this.#measure;
    this.#measure = this.#options.measure();
    if (this.#measure === before) return;
    const stays = goOn(before, this.#measure);
    this.#totals.keep(stays);
    if (!stays("edges")) this.#graph.clear();
  }
}
