/** How many series there are, and what found no room in their budget, as metrics of the agent itself. Used by Metrics. */
import { RED_METRICS, type RedSnapshot } from "../red/types.ts";
import type { SelfMetric } from "./types.ts";

export function seriesMetrics({ series, edges, overflowed }: RedSnapshot): SelfMetric[] {
  const counts = new Map<string, number>(RED_METRICS.map((metric) => [metric, 0]));
  for (const { metric } of series) counts.set(metric, counts.get(metric)! + 1);
  counts.set("traces_service_graph_request", edges.length);
  const overflows = [...counts.keys(), "routes"].map((metric) => [metric, overflowed[metric] ?? 0] as const);
  const samples = (values: Iterable<readonly [string, number]>) =>
    Array.from(values, ([metric, value]) => ({ labels: { metric }, value }));
  return [
    {
      name: "tsunagi_metric_series",
      help: "Series that are kept, by metric.",
      kind: "gauge",
      samples: samples(counts),
    },
    {
      name: "tsunagi_metric_overflows_total",
      help: "Measurements that found no room in the budget of their metric, by metric.",
      kind: "counter",
      samples: samples(overflows),
    },
  ];
}
