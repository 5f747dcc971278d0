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

/** What some requests add up to. */
interface Sum {
  count: number;
  errors: number;
  readonly buckets: Uint32Array;
}
/** What one sample added to one route. */
interface Added {
  readonly count: number;
  readonly buckets: readonly (readonly [index: number, count: number])[];
}
interface Tick {
  readonly atMs: number;
  readonly added: ReadonlyMap<string, Added>;
}

export class ServiceHistory {
  readonly #lookup: (resource: number) => Resource | undefined;
  #last = new Map<string, RedRoute>();
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
      if (route.count === (before?.count ?? 0)) continue;
      const buckets: [number, number][] = [];
      route.buckets.forEach((count, i) => {
        const more = count - (before?.buckets[i] ?? 0);
        if (more > 0) buckets.push([i, more]);
      });
      added.set(key, { count: Math.max(0, route.count - (before?.count ?? 0)), buckets });
    }
    this.#last = now;
    if (added.size > 0) this.#ticks.push({ atMs, added });
    this.#ticks = this.#ticks.filter((tick) => tick.atMs > atMs - HISTORY_SECONDS * 1_000);
  }

  services({ windowSeconds, nowMs, isGone, isRunning }: {
    readonly windowSeconds: number;
    readonly nowMs: number;
    /** A process that is shown no more. */
    readonly isGone: (resource: number) => boolean;
    readonly isRunning: (resource: number) => boolean;
  }): ServicesReport {
    const fromMs = nowMs - windowSeconds * 1_000;
    const byService = Map.groupBy(
      [...this.#last].flatMap(([key, route]) => {
        const resource = this.#lookup(route.resource);
        return resource === undefined || isGone(route.resource) ? [] : [{ key, route, resource }];
      }),
      ({ resource }) => JSON.stringify([resource.serviceName, resourceText(resource, "service.namespace")]),
    );
    const services = [...byService.values()].map((parts): ServiceReport => {
      const routes = [
        ...Map.groupBy(parts, ({ route }) => JSON.stringify([route.method, route.route])).values(),
      ]
        .map((same): RouteReport => ({
          method: same[0]!.route.method,
          route: same[0]!.route.route || null,
          ...this.#red(same, { fromMs, toMs: nowMs }),
        })).sort(busiest);
      const resource = parts[0]!.resource;
      return {
        name: resource.serviceName,
        namespace: resourceText(resource, "service.namespace") || null,
        instances: new Set(parts.map(({ route }) => route.resource).filter(isRunning)).size,
        ...this.#red(parts, { fromMs, toMs: nowMs }),
        history: this.#history(parts, nowMs),
        routes,
      };
    }).sort(busiest);
    return { windowSeconds, stepSeconds: STEP_SECONDS, services };
  }

  #history(parts: readonly Part[], nowMs: number): ServiceReport["history"] {
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

  #red(parts: readonly Part[], { fromMs, toMs }: { fromMs: number; toMs: number }): Red {
    const sum: Sum = { count: 0, errors: 0, buckets: new Uint32Array(LATENCY_BUCKETS) };
    for (const tick of this.#ticks) {
      if (tick.atMs <= fromMs || tick.atMs > toMs) continue;
      for (const { key, route } of parts) {
        const added = tick.added.get(key);
        if (added === undefined) continue;
        sum.count += added.count;
        if (route.failed) sum.errors += added.count;
        for (const [i, count] of added.buckets) sum.buckets[i]! += count;
      }
    }
    return {
      requests: parts.reduce((total, { route }) => total + route.count, 0),
      errors: parts.reduce((total, { route }) => total + (route.failed ? route.count : 0), 0),
      rate: sum.count / ((toMs - fromMs) / 1_000),
      errorRate: sum.count === 0 ? 0 : sum.errors / sum.count,
      p50Ms: quantileMs(sum.buckets, 0.5),
      p90Ms: quantileMs(sum.buckets, 0.9),
      p99Ms: quantileMs(sum.buckets, 0.99),
    };
  }
}

interface Part {
  readonly key: string;
  readonly route: RedRoute;
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
