/** Who calls whom over a window of time, for the service map. Fed and asked by Metrics. */
import type { MeasureConfig } from "../config/config.ts";
import type { RedEdge, RedSnapshot } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { resourceText } from "./families.ts";
import type { GraphEdge, GraphNode, GraphReport } from "./types.ts";

const HISTORY_MS = 300_000;

/** All requests between two nodes of the map, since the beginning. */
interface Total {
  readonly from: GraphNode;
  readonly to: GraphNode;
  /** Numbers of the processes of each side; 0 is outside. */
  readonly pairs: (readonly [client: number, server: number])[];
  requests: number;
  failed: number;
  /** As the server measured them, else as the client did. */
  readonly buckets: number[];
}
type Totals = ReadonlyMap<string, Total>;

/** Samples of edges over five minutes. Edges are of services: processes come and go. */
export class GraphHistory {
  readonly #lookup: (resource: number) => Resource | undefined;
  #samples: { readonly atMs: number; readonly totals: Totals }[] = [];

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
      if (!total) totals.set(key, total = { from, to, pairs: [], requests: 0, failed: 0, buckets: [] });
      addEdge(total, edge);
    }
    this.#samples.push({ atMs, totals });
    // The newest of those that are too old is the beginning of the longest window.
    const first = this.#samples.findLastIndex((sample) => sample.atMs <= atMs - HISTORY_MS);
    if (first > 0) this.#samples.splice(0, first);
  }

  /** Buckets are others from now on. */
  clear(): void {
    this.#samples = [];
  }

  /** Each edge now and as it was at `fromMs`. */
  since(fromMs: number): { readonly now: Total; readonly before: Total | undefined }[] {
    const before = this.#samples.findLast(({ atMs }) => atMs <= fromMs)?.totals;
    return [...this.#samples.at(-1)?.totals ?? []].map(([key, now]) => ({ now, before: before?.get(key) }));
  }
}

/** The map. Latencies are within bucket resolution. */
export function graphReport(history: GraphHistory, options: {
  readonly windowSeconds: number;
  readonly nowMs: number;
  readonly measure: MeasureConfig;
  /** A process that is shown no more. */
  readonly isGone: (resource: number) => boolean;
}): GraphReport {
  const { windowSeconds, nowMs, isGone, measure } = options;
  const shown = history.since(nowMs - windowSeconds * 1_000)
    .filter(({ now }) => now.pairs.some((pair) => !pair.some((number) => number !== 0 && isGone(number))));
  const nodes = new Map(shown.flatMap(({ now: { from, to } }) => [[from.id, from], [to.id, to]]));
  const edges = shown.map(({ now, before }): GraphEdge => {
    const fresh = Math.max(0, now.requests - (before?.requests ?? 0));
    const failed = Math.max(0, now.failed - (before?.failed ?? 0));
    const buckets = now.buckets.map((count, i) => Math.max(0, count - (before?.buckets[i] ?? 0)));
    return {
      from: now.from.id,
      to: now.to.id,
      requests: now.requests,
      errors: now.failed,
      rate: fresh / windowSeconds,
      errorRate: fresh === 0 ? 0 : failed / fresh,
      p50Ms: quantileMs(buckets, 0.5, measure.durationBucketsS),
      p90Ms: quantileMs(buckets, 0.9, measure.durationBucketsS),
      p99Ms: quantileMs(buckets, 0.99, measure.durationBucketsS),
    };
  });
  return { windowSeconds, nodes: [...nodes.values()], edges };
}

function addEdge(total: Total, edge: RedEdge): void {
  total.pairs.push([edge.client, edge.server]);
  total.requests += edge.requests;
  total.failed += edge.failed;
  const { buckets } = edge.serverDuration.count > 0 ? edge.serverDuration : edge.clientDuration;
  buckets.forEach((count, i) => total.buckets[i] = (total.buckets[i] ?? 0) + count);
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

/** Linear within its bucket, as histogram_quantile() of Prometheus; the last bound where it is beyond. */
function quantileMs(buckets: readonly number[], quantile: number, boundsS: readonly number[]): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let rest = total * quantile;
  for (let i = 0; i < boundsS.length; i++) {
    const count = buckets[i] ?? 0;
    const low = boundsS[i - 1] ?? 0;
    if (count > 0 && rest <= count) return (low + (boundsS[i]! - low) * rest / count) * 1_000;
    rest -= count;
  }
  return (boundsS.at(-1) ?? 0) * 1_000;
}
