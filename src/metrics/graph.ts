/** Who calls whom over a window of time, for the service map. Fed and asked by Metrics. */
import type { MeasureConfig } from "../config/config.ts";
import type { RedEdge, RedSnapshot } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { resourceText } from "./families.ts";
import { edgeKey } from "./totals.ts";
import type { GraphEdge, GraphNode, GraphReport } from "./types.ts";

/** Samples of edges over five minutes. */
export class GraphHistory {
  #samples: { readonly atMs: number; readonly edges: ReadonlyMap<string, RedEdge> }[] = [];

  sample({ edges }: RedSnapshot, atMs: number): void {
    this.#samples.push({ atMs, edges: new Map(edges.map((edge) => [edgeKey(edge), edge])) });
    this.#samples = this.#samples.filter((sample) => sample.atMs > atMs - 300_000);
  }

  /** Each edge now and as it was at `fromMs`. */
  since(fromMs: number): { readonly now: RedEdge; readonly before: RedEdge | undefined }[] {
    const before = this.#samples.findLast(({ atMs }) => atMs <= fromMs)?.edges;
    return [...this.#samples.at(-1)?.edges ?? []].map(([key, now]) => ({ now, before: before?.get(key) }));
  }
}

/** The map. Latencies are as the server measured them, else as the client did, within bucket resolution. */
export function graphReport(history: GraphHistory, options: {
  readonly windowSeconds: number;
  readonly nowMs: number;
  readonly measure: MeasureConfig;
  readonly lookup: (resource: number) => Resource | undefined;
}): GraphReport {
  const { windowSeconds, nowMs, lookup } = options;
  const nodes = new Map<string, GraphNode>();
  const sums = new Map<string, { from: string; to: string } & Sum>();
  for (const { now, before } of history.since(nowMs - windowSeconds * 1_000)) {
    const from = nodeOf(lookup(now.client), now.peer, "user");
    const to = nodeOf(lookup(now.server), now.peer, "external");
    nodes.set(from.id, from).set(to.id, to);
    const key = JSON.stringify([from.id, to.id]);
    const sum = sums.get(key) ??
      { from: from.id, to: to.id, requests: 0, errors: 0, fresh: 0, failed: 0, buckets: [] };
    sums.set(key, sum);
    addEdge(sum, now, before);
  }
  const edges = [...sums.values()].map((
    { from, to, requests, errors, fresh, failed, buckets },
  ): GraphEdge => ({
    from,
    to,
    requests,
    errors,
    rate: fresh / windowSeconds,
    errorRate: fresh === 0 ? 0 : failed / fresh,
    p50Ms: quantileMs(buckets, 0.5, options.measure.durationBucketsS),
    p90Ms: quantileMs(buckets, 0.9, options.measure.durationBucketsS),
    p99Ms: quantileMs(buckets, 0.99, options.measure.durationBucketsS),
  }));
  return { windowSeconds, nodes: [...nodes.values()], edges };
}

interface Sum {
  requests: number;
  errors: number;
  /** In the window. */
  fresh: number;
  failed: number;
  readonly buckets: number[];
}

function addEdge(sum: Sum, now: RedEdge, before: RedEdge | undefined): void {
  sum.requests += now.requests;
  sum.errors += now.failed;
  sum.fresh += Math.max(0, now.requests - (before?.requests ?? 0));
  sum.failed += Math.max(0, now.failed - (before?.failed ?? 0));
  const side = now.serverDuration.count > 0 ? "serverDuration" : "clientDuration";
  now[side].buckets.forEach((count, i) => {
    sum.buckets[i] = (sum.buckets[i] ?? 0) + Math.max(0, count - (before?.[side].buckets[i] ?? 0));
  });
}

function nodeOf(resource: Resource | undefined, peer: string, outside: "user" | "external"): GraphNode {
  if (resource !== undefined) {
    const namespace = resourceText(resource, "service.namespace");
    const id = namespace === "" ? resource.serviceName : `${namespace}/${resource.serviceName}`;
    return { id, name: resource.serviceName, kind: "service" };
  }
  if (outside === "user") return { id: "user", name: "user", kind: "user" };
  return { id: `external:${peer}`, name: peer, kind: "external" };
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
