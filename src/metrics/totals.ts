/**
 * Adds up what RED stages measured, over all their lives: the last snapshot of a stage that ended is folded in,
 * so that no count goes back when a Worker is replaced. Used by the sources of metrics beside it.
 */
import type { MeasureConfig } from "../config/config.ts";
import type {
  Exemplar,
  Histogram,
  RedEdge,
  RedMetric,
  RedRoute,
  RedSeries,
  RedSnapshot,
} from "../red/types.ts";

export const NO_SNAPSHOT: RedSnapshot = {
  counters: {
    spans: 0,
    sampled_out: 0,
    ignored: 0,
    filtered: 0,
    not_exported: 0,
    unreadable: 0,
    unmeasured: 0,
  },
  series: [],
  edges: [],
  routes: [],
  overflowed: {},
};

/** Identity of a series over stage lives. */
export const seriesKey = (series: RedSeries): string =>
  JSON.stringify([series.metric, series.resource, series.overflow, Object.entries(series.attributes).sort()]);
export const edgeKey = (edge: RedEdge): string =>
  JSON.stringify([edge.client, edge.server, edge.peer, edge.overflow]);
export const routeKey = (route: RedRoute): string =>
  JSON.stringify([route.resource, route.method, route.route, route.failed, route.overflow]);

/** Two measure configurations: which of the series that were measured by the first go on under the second. */
export function goOn(before: MeasureConfig, after: MeasureConfig): (metric: RedMetric | "edges") => boolean {
  const isSame = (key: "durationBucketsS" | "sizeBucketsBytes" | "attributes") =>
    JSON.stringify(before[key]) === JSON.stringify(after[key]);
  const [durations, sizes, attributes] = [
    isSame("durationBucketsS"),
    isSame("sizeBucketsBytes"),
    isSame("attributes"),
  ];
  return (metric) => {
    if (metric === "edges") return durations && after.features.includes("application_service_graph");
    const buckets = metric.endsWith(".duration") ? durations : sizes;
    return buckets && attributes && after.features.includes("application");
  };
}

/** The stages that have ended, as one snapshot, and how long each process's share is kept. */
export class RedTotals {
  #past: RedSnapshot = NO_SNAPSHOT;

  /** A stage has ended; `last` is what it had measured. */
  fold(last: RedSnapshot): void {
    this.#past = addSnapshots(this.#past, last);
  }

  /** Everything measured, with the running stage's snapshot, or without one. */
  with(current: RedSnapshot | null): RedSnapshot {
    return current === null ? this.#past : addSnapshots(this.#past, current);
  }

  /** Drops what ended stages measured of one process. Counters stay. */
  forget(resource: number): void {
    this.#past = {
      ...this.#past,
      series: this.#past.series.filter((series) => series.resource !== resource),
      edges: this.#past.edges.filter((edge) => edge.client !== resource && edge.server !== resource),
      routes: this.#past.routes.filter((route) => route.resource !== resource),
    };
  }

  /** Takes over edges of processes that are forgotten, by the numbers of others of the same services. */
  inherit(edges: readonly RedEdge[]): void {
    this.#past = { ...this.#past, edges: sumByKey([...this.#past.edges, ...edges], edgeKey, addEdges) };
  }

  /** Keeps what goes on under other rules. */
  keep(stays: (metric: RedMetric | "edges") => boolean): void {
    this.#past = {
      ...this.#past,
      series: this.#past.series.filter(({ metric }) => stays(metric)),
      edges: stays("edges") ? this.#past.edges : [],
    };
  }
}

/** `left` is the older one. Histograms whose buckets have changed cannot be added: the newer one stands. */
export function addSnapshots(left: RedSnapshot, right: RedSnapshot): RedSnapshot {
  return {
    counters: addRecords(left.counters, right.counters) as unknown as RedSnapshot["counters"],
    series: addByKey(left.series, right.series, seriesKey, addSeries),
    edges: addByKey(left.edges, right.edges, edgeKey, addEdges),
    routes: addByKey(left.routes, right.routes, routeKey, addRoutes),
    overflowed: addRecords(left.overflowed, right.overflowed),
  };
}

function addByKey<T>(
  left: readonly T[],
  right: readonly T[],
  keyOf: (item: T) => string,
  add: (older: T, newer: T) => T,
): readonly T[] {
  return left.length === 0 ? right : sumByKey([...left, ...right], keyOf, add);
}

function sumByKey<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  add: (older: T, newer: T) => T,
): readonly T[] {
  const all = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const older = all.get(key);
    all.set(key, older === undefined ? item : add(older, item));
  }
  return [...all.values()];
}

function addSeries(older: RedSeries, newer: RedSeries): RedSeries {
  if (older.histogram.buckets.length !== newer.histogram.buckets.length) return newer;
  return { ...older, histogram: addHistograms(older.histogram, newer.histogram) };
}

function addEdges(older: RedEdge, newer: RedEdge): RedEdge {
  if (older.clientDuration.buckets.length !== newer.clientDuration.buckets.length) return newer;
  return {
    ...older,
    startUnixNs: older.startUnixNs < newer.startUnixNs ? older.startUnixNs : newer.startUnixNs,
    requests: older.requests + newer.requests,
    failed: older.failed + newer.failed,
    clientDuration: addHistograms(older.clientDuration, newer.clientDuration),
    serverDuration: addHistograms(older.serverDuration, newer.serverDuration),
    latencies: older.latencies.map((count, i) => count + (newer.latencies[i] ?? 0)),
  };
}

function addRoutes(older: RedRoute, newer: RedRoute): RedRoute {
  return {
    ...older,
    count: older.count + newer.count,
    sumS: older.sumS + newer.sumS,
    buckets: older.buckets.map((count, i) => count + (newer.buckets[i] ?? 0)),
  };
}

/** The newest exemplar of each bucket stays. */
export function addHistograms(older: Histogram, newer: Histogram): Histogram {
  return {
    count: older.count + newer.count,
    sum: older.sum + newer.sum,
    buckets: older.buckets.map((count, i) => count + (newer.buckets[i] ?? 0)),
    exemplars: older.exemplars.map((exemplar, i) => newest(exemplar, newer.exemplars[i] ?? null)),
  };
}

function newest(left: Exemplar | null, right: Exemplar | null): Exemplar | null {
  if (left === null || right === null) return left ?? right;
  return left.timeUnixNs > right.timeUnixNs ? left : right;
}

function addRecords<T extends Readonly<Record<string, number>> | RedSnapshot["counters"]>(
  left: T,
  right: T,
): Record<string, number> {
  const sum: Record<string, number> = { ...left };
  for (const [name, count] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
