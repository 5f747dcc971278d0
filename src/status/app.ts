/**
 * The status API. It knows nothing of the stages: the composition root passes functions that describe them, and
 * tests call `app.request()` without a socket.
 */
import { Hono } from "hono";
import type { MetricViews } from "../metrics/types.ts";
import type { Logger } from "../support/log.ts";
import type { TraceStore } from "../trace/store.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EventHub } from "./events.ts";
import { onlyOwnHosts, onlyOwnOrigin, secureHeaders } from "./guard.ts";
import { install, onlyKnownMethods } from "./install.ts";
import type { Readiness } from "./model.ts";
import { openApiRoute } from "./openapi.ts";
import { pageResponse, type StaticFiles } from "./page.ts";
import { problem } from "./problem.ts";
import { agentRoutes, type AgentRoutesOptions } from "./routes_agent.ts";
import { type ConfigControl, configRoutes } from "./routes_config.ts";
import { decoderRoutes, type DecoderRoutesOptions } from "./routes_decoders.ts";
import { eventRoutes } from "./routes_events.ts";
import { healthRoutes } from "./routes_health.ts";
import { metricRoutes } from "./routes_metrics.ts";
import { traceRoutes } from "./routes_traces.ts";

const PAGE_ROUTES = [{ method: "GET", path: "/" }, { method: "GET", path: "/assets/{file}" }] as const;

/** Parts that are left out have no routes. */
export interface StatusAppOptions extends AgentRoutesOptions, DecoderRoutesOptions {
  readonly traces: Pick<TraceStore, "list" | "get">;
  readonly ready: () => Readiness;
  readonly metrics?: MetricViews;
  readonly events?: Pick<EventHub, "connect">;
  readonly config?: ConfigControl;
  readonly page?: StaticFiles;
  /** Names by which the API may be asked for beside localhost and addresses: the listen host, allowedHosts. */
  readonly hosts?: () => readonly string[];
  /** What changes ask for. */
  readonly token: string;
  readonly log: Logger;
}

/** For those who may not know Hono. */
export type StatusApp = Hono;

export function createStatusApp(options: StatusAppOptions): StatusApp {
  const { page, hosts = () => [], token, log } = options;
  const endpoints = endpointsOf(options);
  const app = new Hono();
  const routes = page === undefined ? endpoints : [...endpoints, ...PAGE_ROUTES];
  app.use(secureHeaders, onlyOwnHosts(hosts), onlyKnownMethods(routes), onlyOwnOrigin);
  install(app, endpoints, { token });
  if (page !== undefined) {
    app.on("GET", ["/", "/assets/*"], async (context, next) => pageResponse(page, context) ?? await next());
  }
  app.notFound((context) => problem(context, 404, `There is nothing at ${context.req.path}`));
  app.onError((error, context) => {
    log.error("status API failed", { path: context.req.path, error });
    return problem(context, 500, "The agent could not answer; its log says why");
  });
  return app;
}

function endpointsOf(options: StatusAppOptions): Endpoint[] {
  const { traces, metrics, events, config } = options;
  const endpoints: Endpoint[] = [
    ...agentRoutes(options),
    ...(metrics === undefined ? [] : metricRoutes({ metrics })),
    ...traceRoutes({ traces }),
    ...(events === undefined ? [] : eventRoutes({ events })),
    ...decoderRoutes(options),
    ...(config === undefined ? [] : configRoutes({ config })),
    ...healthRoutes(options),
    openApiRoute(() => endpoints),
  ];
  return endpoints;
}
