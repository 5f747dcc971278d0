/** What GET /api/v1/services and /graph answer; held to src/metrics/types.ts by model_test.ts. */
import { Type } from "../../schema/mod.ts";
import { amount, count, list, named, nullable, oneOf, text } from "./common.ts";

const RATIO = Type.Number({ minimum: 0, maximum: 1 });
const NUMBERS = Type.Array(Type.Number({ minimum: 0 }));

const RED = {
  requests: count("Since the agent began."),
  errors: count("Since the agent began."),
  rate: amount("Requests a second in the window."),
  errorRate: { ...RATIO, description: "Share of the window's requests that failed." },
  p50Ms: nullable(amount(), "Of the window; null where it has no request."),
  p90Ms: nullable(amount()),
  p99Ms: nullable(amount()),
};

export const ROUTE_REPORT = named(
  "RouteReport",
  Type.Object({ method: text(), route: nullable(text(), "Null where there is none."), ...RED }),
);

export const SPARKLINE = named(
  "Sparkline",
  Type.Object({
    rate: NUMBERS,
    errorRate: Type.Array(RATIO),
    p99Ms: Type.Array(nullable(amount())),
  }, { description: "Points, oldest first, stepSeconds apart, over the last five minutes at most." }),
);

export const SERVICE_REPORT = named(
  "ServiceReport",
  Type.Object({
    name: text(),
    namespace: nullable(text()),
    instances: count("Processes that run."),
    ...RED,
    history: SPARKLINE,
    routes: list(ROUTE_REPORT, "Busiest first."),
  }),
);

export const SERVICES_REPORT = named(
  "Services",
  Type.Object({
    windowSeconds: amount(),
    stepSeconds: amount(),
    services: list(SERVICE_REPORT, "Busiest first."),
  }),
);

export const GRAPH_NODE = named(
  "GraphNode",
  Type.Object({
    id: text('"shop/front"; of outside: "external:HOST"; of callers that are not traced: "user".'),
    name: text(),
    kind: oneOf(["service", "external", "user"]),
  }),
);

export const GRAPH_EDGE = named(
  "GraphEdge",
  Type.Object({ from: text("Id of a node."), to: text("Id of a node."), ...RED }),
);

export const GRAPH_REPORT = named(
  "Graph",
  Type.Object({ windowSeconds: amount(), nodes: list(GRAPH_NODE), edges: list(GRAPH_EDGE) }),
);
