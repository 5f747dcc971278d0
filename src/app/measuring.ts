/**
 * Everything that is measured: which rules the RED stage gets, which number each process has there, and the metrics
 * that are made of what the stage answers. Made by Agent; outlives every session.
 */
import type { Config, RouteRules, SelectRule } from "../config/config.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { SelfMetric } from "../metrics/types.ts";
import type { ProcessRules, RedRules, RedSnapshot } from "../red/types.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Resource } from "../trace/resource.ts";
import { Identities } from "./identities.ts";
import { passesFilters, spanFilters } from "./resource_filters.ts";

/** While spans flow the history of the page gets a point this often. */
const SAMPLE_MS = 2_000;
/** And one more when calls to the outside have waited long enough for another side (graph.ts of decoder-as/red). */
const SETTLE_MS = 10_500;

/** The stage of the session that there is now. */
export interface Stage {
  /** Rejects when they cannot be used; then the old ones go on. */
  setRules(rules: RedRules): Promise<void>;
  setProcess(rules: ProcessRules): void;
  forget(resource: number): void;
  /** Null where it does not run. */
  snapshot(): Promise<RedSnapshot | null>;
}

export interface MeasuringOptions {
  readonly config: Config;
  readonly stage: () => Stage | null;
  /** The agent itself, which the service graph belongs to. */
  readonly own: () => Resource;
  readonly self: () => Promise<readonly SelfMetric[]>;
  /** What was measured has changed; at most every two seconds. */
  readonly onActivity: () => void;
  readonly clock?: Clock;
}

interface Process {
  readonly resource: Resource;
  readonly rule: SelectRule | null;
}

export class Measuring implements Disposable {
  readonly #options: MeasuringOptions;
  readonly #identities = new Identities();
  readonly #processes = new Map<number, Process>();
  readonly metrics: Metrics;
  #config: Config;
  #rules: RedRules;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #measuredSinceSample = false;
  #settling = false;

  constructor(options: MeasuringOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#rules = rulesOf(options.config);
    this.metrics = new Metrics({
      clock: options.clock ?? SYSTEM_CLOCK,
      measure: () => this.#config.measure,
      snapshot: async () => await options.stage()?.snapshot() ?? null,
      lookup: (number) => this.#identities.resource(number),
      own: options.own,
      self: options.self,
      onForget: (number) => {
        if (this.#identities.forget(number)) options.stage()?.forget(number);
      },
    });
  }

  /** What a new stage begins with. */
  setup(): { readonly rules: RedRules; readonly previous: RedSnapshot } {
    return { rules: this.#rules, previous: this.metrics.past() };
  }

  /**
   * Another configuration holds. What was measured stays.
   *
   * @throws {Error} when the stage cannot go by its rules; then nothing has changed.
   */
  async configure(config: Config): Promise<void> {
    const rules = rulesOf(config);
    const stage = this.#options.stage();
    await stage?.setRules(rules);
    this.#config = config;
    this.#rules = rules;
    for (const [pid, process] of this.#processes) stage?.setProcess(this.#processRules(pid, process));
  }

  /** A process was found, or is called otherwise, or another rule holds for it; before any of its spans. */
  processFound(pid: number, resource: Resource, rule: SelectRule | null): void {
    const process = { resource, rule };
    this.#processes.set(pid, process);
    this.#options.stage()?.setProcess(this.#processRules(pid, process));
  }

  processEnded(pid: number): void {
    this.#processes.delete(pid);
    this.#end(this.#identities.end(pid));
  }

  /** A session is over; `last` is what its stage had measured. Its processes will be found anew. */
  stageEnded(last: RedSnapshot | null): void {
    if (last !== null) this.metrics.stageEnded(last);
    for (const pid of [...this.#processes.keys()]) this.processEnded(pid);
  }

  /** Spans have come: the history gets a point soon. */
  spansCame(): void {
    this.#measuredSinceSample = true;
    if (this.#timer === undefined || this.#settling) this.#sampleIn(SAMPLE_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #sampleIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#settling = ms === SETTLE_MS;
    this.#timer = setTimeout(() => this.#sample(), ms);
  }

  #sample(): void {
    const [more, settled] = [this.#measuredSinceSample, this.#settling];
    this.#measuredSinceSample = false;
    // The stage's answer fails only when its Worker is going, and the next one will have the same totals.
    this.metrics.sample().then(() => (more || settled) && this.#options.onActivity(), () => {});
    this.#timer = undefined;
    if (more) this.#sampleIn(SAMPLE_MS);
    else if (!settled) this.#sampleIn(SETTLE_MS);
  }

  #processRules(pid: number, { resource, rule }: Process): ProcessRules {
    const { number, ended } = this.#identities.set(pid, resource);
    this.metrics.processBegan(number);
    this.#end(ended);
    const routes = rule?.routes ?? null;
    return {
      pid,
      resource: number,
      // A rule of the configuration before is replaced as soon as discovery has looked at the process again.
      routes: routes === null ? 0 : Math.max(0, this.#rules.routes.indexOf(routes)),
      traces: rule?.exports?.includes("traces") ?? true,
      metrics: rule?.exports?.includes("metrics") ?? true,
      filtered: !passesFilters(this.#config.filters, resource),
    };
  }

  #end(number: number | null): void {
    if (number !== null) this.metrics.processEnded(number);
  }
}

/** Routes of all come first, then those of single selection rules. */
function rulesOf({ measure: { ttlMs: _, ...measure }, filters, routes, select }: Config): RedRules {
  const own = select.include.map(({ routes }) => routes).filter((rules): rules is RouteRules =>
    rules !== null
  );
  return { measure, filters: spanFilters(filters), routes: [routes, ...own] };
}
