/**
 * Services, routes and edges over a window of time, for the page. Keeps what each sample added, in sparse form,
 * for five minutes. Fed by Metrics every two seconds while spans flow.
 */
import { LATENCY_BUCKETS, latencyBoundS, type RedRoute, type RedSnapshot } from "../red/types.ts";
import { resourceText } from "./families.ts";
import { routeKey } from "./totals.ts";
import type { Red, RouteReport, ServiceReport, ServicesReport } from "./types.ts";
import type { Resource } from "../trace/resource.ts";

export const HISTORY_SECONDS = 300;
export const STEP_SECONDS = 10;
/** Beyond, routes of processes that are forgotten leave the counts of their service. */
const MAX_TOTALS = 4_096;

/** What some requests add up to. */
interface Sum {
  count: number;
  errors: number;
  readonly buckets: Uint32Array;
}
/** Requests of a service, of one method, route and outcome, since the agent began. */
interface Total {
  readonly key: string;
  readonly service: string;
  readonly namespace: string;
  readonly method: string;
  readonly route: string;
  readonly failed: boolean;
  /** Numbers of the processes that answered them. */
  readonly processes: Set<number>;
  count: number;
}
/** What one sample added to one total. */
interface Added {
  count: number;
  readonly buckets: [index: number, count: number][];
}
interface Tick {
  readonly atMs: number;
  readonly added: ReadonlyMap<string, Added>;
}

/** What is asked for. */
export interface ServicesQuery {
  readonly windowSeconds: number;
  readonly nowMs: number;
  /** A process that is shown no more. */
  readonly isGone: (resource: number) => boolean;
  readonly isRunning: (resource: number) => boolean;
}

export class ServiceHistory {
  readonly #lookup: (resource: number) => Resource | undefined;
  /** Of processes, at the newest sample. */
  #last = new Map<string, RedRoute>();
  /** Of services: they go on when one of their processes is forgotten. */
  readonly #totals = new Map<string, Total>();
  #ticks: Tick[] = [];

  constructor(lookup: (resource: number) => Resource | undefined) {
    this.#lookup = lookup;
  }

  sample(snapshot: RedSnapshot, atMs: number): void {
    const added = new Map<string, Added>();
    const now = new Map<string, RedRoute>();
    for (const route of snapshot.routes) {
      const key = routeKey(route);
      const before = this.#last.get(key);
      now.set(key, route);
      const more = route.count - (before?.count ?? 0);
      const total = more > 0 ? this.#totalOf(route) : null;
      if (total === null) continue;
      total.count += more;
      let sum = added.get(total.key);
      if (sum === undefined) added.set(total.key, sum = { count: 0, buckets: [] });
      sum.count += more;
      for (let i = 0; i < route.buckets.length; i++) {
        const fresh = route.buckets[i]! - (before?.buckets[i] ?? 0);
        if (fresh > 0) sum.buckets.push([i, fresh]);
      }
    }
    this.#last = now;
    this.#prune();
    if (added.size > 0) this.#ticks.push({ atMs, added });
    this.#ticks = this.#ticks.filter((tick) => tick.atMs > atMs - HISTORY_SECONDS * 1_000);
  }

  services({ windowSeconds, nowMs, isGone, isRunning }: ServicesQuery): ServicesReport {
    const fromMs = nowMs - windowSeconds * 1_000;
    const services = this.#byService().flatMap((parts): ServiceReport[] => {
      const processes = new Set(parts.flatMap(({ processes }) => [...processes]));
      const shown = [...processes].filter((number) => !isGone(number));
      if (shown.length === 0) return [];
      const routes = [
        ...Map.groupBy(parts, ({ method, route }) => JSON.stringify([method, route])).values(),
      ].map((same): RouteReport => ({
        method: same[0]!.method,
        route: same[0]!.route || null,
        ...this.#red(same, { fromMs, toMs: nowMs }),
      })).sort(busiest);
      return [{
        name: parts[0]!.service,
        namespace: parts[0]!.namespace || null,
        instances: shown.filter(isRunning).length,
        ...this.#red(parts, { fromMs, toMs: nowMs }),
        history: this.#history(parts, nowMs),
        routes,
      }];
    }).sort(busiest);
    return { windowSeconds, stepSeconds: STEP_SECONDS, services };
  }

  #byService(): Total[][] {
    const key = ({ service, namespace }: Total) => JSON.stringify([service, namespace]);
    return [...Map.groupBy(this.#totals.values(), key).values()];
  }

  /** Forgets processes, services without any, and where there are many, routes that no process has any more. */
  #prune(): void {
    for (const parts of this.#byService()) {
      for (const { processes } of parts) {
        for (const number of processes) if (this.#lookup(number) === undefined) processes.delete(number);
      }
      const isOver = parts.every(({ processes }) => processes.size === 0);
      for (const { key, processes } of parts) {
        if (isOver || processes.size === 0 && this.#totals.size > MAX_TOTALS) this.#totals.delete(key);
      }
    }
  }

  /** The total that a process's requests belong to; null where the process is not known. */
  #totalOf({ resource: number, method, route, failed }: RedRoute): Total | null {
    const resource = this.#lookup(number);
    if (resource === undefined) return null;
    const service = resource.serviceName;
    const namespace = resourceText(resource, "service.namespace");
    const key = JSON.stringify([service, namespace, method, route, failed]);
    let total = this.#totals.get(key);
    if (total === undefined) {
      total = { key, service, namespace, method, route, failed, processes: new Set(), count: 0 };
      this.#totals.set(key, total);
    }
    total.processes.add(number);
    return total;
  }

  #history(parts: readonly Total[], nowMs: number): ServiceReport["history"] {
    const steps = Array.from({ length: HISTORY_SECONDS / STEP_SECONDS }, (_, i) => {
      const toMs = nowMs - (HISTORY_SECONDS / STEP_SECONDS - 1 - i) * STEP_SECONDS * 1_000;
      return this.#red(parts, { fromMs: toMs - STEP_SECONDS * 1_000, toMs });
    });
    return {
      rate: steps.map(({ rate }) => rate),
      errorRate: steps.map(({ errorRate }) => errorRate),
      p99Ms: steps.map(({ p99Ms }) => p99Ms),
    };
  }

  #red(parts: readonly Total[], { fromMs, toMs }: { fromMs: number; toMs: number }): Red {
    const sum: Sum = { count: 0, errors: 0, buckets: new Uint32Array(LATENCY_BUCKETS) };
    for (const tick of this.#ticks) {
      if (tick.atMs <= fromMs || tick.atMs > toMs) continue;
      for (const { key, failed } of parts) {
        const added = tick.added.get(key);
        if (added === undefined) continue;
        sum.count += added.count;
        if (failed) sum.errors += added.count;
        for (const [i, count] of added.buckets) sum.buckets[i]! += count;
      }
    }
    return {
      requests: parts.reduce((total, { count }) => total + count, 0),
      errors: parts.reduce((total, { failed, count }) => total + (failed ? count : 0), 0),
      rate: sum.count / ((toMs - fromMs) / 1_000),
      errorRate: sum.count === 0 ? 0 : sum.errors / sum.count,
      p50Ms: quantileMs(sum.buckets, 0.5),
      p90Ms: quantileMs(sum.buckets, 0.9),
      p99Ms: quantileMs(sum.buckets, 0.99),
    };
  }
}

const busiest = (left: Red, right: Red): number => right.rate - left.rate || right.requests - left.requests;

/** The middle (geometric) of the bucket that holds the quantile; null when all are empty. */
export function quantileMs(buckets: Uint32Array, quantile: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = Math.ceil(total * quantile);
  for (let i = 0; i < buckets.length; i++) {
    rest -= buckets[i]!;
    if (rest <= 0) return latencyBoundS(i - 0.5) * 1_000;
  }
  return latencyBoundS(buckets.length - 1) * 1_000;
}
