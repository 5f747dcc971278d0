/** Who calls whom over a window of time, for the service map. Fed and asked by Metrics. */
import { LATENCY_BUCKETS, type RedEdge, type RedSnapshot } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { resourceText } from "./families.ts";
import type { GraphEdge, GraphNode, GraphReport } from "./types.ts";
import { HISTORY_SECONDS, quantileMs } from "./views.ts";

/** All requests between two nodes of the map, since the beginning. */
interface Total {
  readonly from: GraphNode;
  readonly to: GraphNode;
  /** Numbers of the processes of each side; 0 is outside. */
  readonly pairs: (readonly [client: number, server: number])[];
  requests: number;
  failed: number;
  /** As the server measured them, else as the client did. */
  readonly latencies: Uint32Array;
}
/** What one sample added to one total. */
interface Added {
  readonly requests: number;
  readonly failed: number;
  readonly latencies: readonly (readonly [index: number, count: number])[];
}

/** What edges got over five minutes, in sparse form. Edges are of services: processes come and go. */
export class GraphHistory {
  readonly #lookup: (resource: number) => Resource | undefined;
  #newest: ReadonlyMap<string, Total> = new Map();
  #ticks: { readonly atMs: number; readonly added: ReadonlyMap<string, Added> }[] = [];

  constructor(lookup: (resource: number) => Resource | undefined) {
    this.#lookup = lookup;
  }

  sample({ edges }: RedSnapshot, atMs: number): void {
    const totals = new Map<string, Total>();
    for (const edge of edges) {
      const from = nodeOf(this.#lookup(edge.client), edge, "user");
      const to = nodeOf(this.#lookup(edge.server), edge, "external");
      const key = JSON.stringify([from.id, to.id]);
      let total = totals.get(key);
      if (!total) totals.set(key, total = emptyTotal(from, to));
      addEdge(total, edge);
    }
    const added = new Map<string, Added>();
    for (const [key, total] of totals) {
      const more = difference(total, this.#newest.get(key));
      if (more.requests > 0) added.set(key, more);
    }
    this.#newest = totals;
    if (added.size > 0) this.#ticks.push({ atMs, added });
    this.#ticks = this.#ticks.filter((tick) => tick.atMs > atMs - HISTORY_SECONDS * 1_000);
  }

  /** What is measured begins anew. */
  clear(): void {
    this.#newest = new Map();
    this.#ticks = [];
  }

  /** Each edge now, and what it got since `fromMs`. */
  since(fromMs: number): { readonly now: Total; readonly fresh: Total }[] {
    const ticks = this.#ticks.filter(({ atMs }) => atMs > fromMs);
    return [...this.#newest].map(([key, now]) => {
      const fresh = emptyTotal(now.from, now.to);
      for (const { added } of ticks) {
        const more = added.get(key);
        if (more === undefined) continue;
        fresh.requests += more.requests;
        fresh.failed += more.failed;
        for (const [i, count] of more.latencies) fresh.latencies[i]! += count;
      }
      return { now, fresh };
    });
  }
}

/** The map. Latencies are as fine as those of services. */
export function graphReport(history: GraphHistory, options: {
  readonly windowSeconds: number;
  readonly nowMs: number;
  /** A process that is shown no more. */
  readonly isGone: (resource: number) => boolean;
}): GraphReport {
  const { windowSeconds, nowMs, isGone } = options;
  const shown = history.since(nowMs - windowSeconds * 1_000)
    .filter(({ now }) => now.pairs.some((pair) => !pair.some((number) => number !== 0 && isGone(number))));
  const nodes = new Map(shown.flatMap(({ now: { from, to } }) => [[from.id, from], [to.id, to]]));
  const edges = shown.map(({ now, fresh }): GraphEdge => ({
    from: now.from.id,
    to: now.to.id,
    requests: now.requests,
    errors: now.failed,
    rate: fresh.requests / windowSeconds,
    errorRate: fresh.requests === 0 ? 0 : fresh.failed / fresh.requests,
    p50Ms: quantileMs(fresh.latencies, 0.5),
    p90Ms: quantileMs(fresh.latencies, 0.9),
    p99Ms: quantileMs(fresh.latencies, 0.99),
  }));
  return { windowSeconds, nodes: [...nodes.values()], edges };
}

function emptyTotal(from: GraphNode, to: GraphNode): Total {
  return { from, to, pairs: [], requests: 0, failed: 0, latencies: new Uint32Array(LATENCY_BUCKETS) };
}

function addEdge(total: Total, edge: RedEdge): void {
  total.pairs.push([edge.client, edge.server]);
  total.requests += edge.requests;
  total.failed += edge.failed;
  edge.latencies.forEach((count, i) => total.latencies[i]! += count);
}

function difference(now: Total, before: Total | undefined): Added {
  const latencies: [number, number][] = [];
  now.latencies.forEach((count, i) => {
    const more = count - (before?.latencies[i] ?? 0);
    if (more > 0) latencies.push([i, more]);
  });
  return {
    requests: Math.max(0, now.requests - (before?.requests ?? 0)),
    failed: Math.max(0, now.failed - (before?.failed ?? 0)),
    latencies,
  };
}

function nodeOf(
  resource: Resource | undefined,
  { peer, overflow }: RedEdge,
  outside: "user" | "external",
): GraphNode {
  if (resource !== undefined) {
    const namespace = resourceText(resource, "service.namespace");
    const id = namespace === "" ? resource.serviceName : `${namespace}/${resource.serviceName}`;
    return { id, name: resource.serviceName, kind: "service" };
  }
  if (outside === "user") return { id: "user", name: "user", kind: "user" };
  return { id: `external:${peer}`, name: overflow ? "others" : peer, kind: "external" };
}
