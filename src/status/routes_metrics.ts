/** Services, the service map, and the exposition for Prometheus. */
import type { MetricViews } from "../metrics/types.ts";
import { Type } from "../schema/mod.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { EXPOSITION_TYPES, expositionResponse } from "./exposition.ts";
import { GRAPH_REPORT, SERVICES_REPORT } from "./schemas/metrics.ts";

/** Seconds that MetricViews remember. */
const MAX_WINDOW = 300;

const WINDOW = Type.Object({
  window: Type.Integer({
    minimum: 1,
    maximum: MAX_WINDOW,
    default: 60,
    description: "Seconds to look back.",
  }),
});

export function metricRoutes({ metrics }: { readonly metrics: MetricViews }): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/api/v1/services",
      tag: "Telemetry",
      summary: "Rate, errors and latency of services and routes",
      query: WINDOW,
      answer: SERVICES_REPORT,
      handle: ({ query }) => metrics.services(query.window),
    }),
    endpoint({
      method: "GET",
      path: "/api/v1/graph",
      tag: "Telemetry",
      summary: "Who calls whom",
      query: WINDOW,
      answer: GRAPH_REPORT,
      handle: ({ query }) => metrics.graph(query.window),
    }),
    endpoint({
      method: "GET",
      path: "/metrics",
      tag: "Telemetry",
      summary: "All metrics for Prometheus",
      description: "OpenMetrics, with exemplars, for those who ask for it in Accept.",
      answer: { contentTypes: EXPOSITION_TYPES, description: "Prometheus exposition" },
      handle: ({ context }) => expositionResponse(metrics, context.req.header("accept")),
    }),
  ];
}
