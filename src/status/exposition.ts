/** Metrics in the form that a scraper asks for. Used by the status API and by the app of prometheus_export. */
import { Hono } from "hono";
import type { MetricViews } from "../metrics/types.ts";
import { onlyOwnHosts, secureHeaders } from "./guard.ts";
import { onlyKnownMethods } from "./install.ts";
import { problem } from "./problem.ts";

const CONTENT_TYPE = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;
export const EXPOSITION_TYPES = ["text/plain", "application/openmetrics-text"] as const;

export interface MetricsAppOptions {
  readonly metrics: Pick<MetricViews, "render">;
  /** "/metrics" */
  readonly path: string;
  /** Names that may be asked for beside localhost and addresses; null: any, for a port that is open to the network. */
  readonly hosts: (() => readonly string[]) | null;
}

/** What answers on the port of prometheus_export: the metrics and nothing else. */
export function createMetricsApp({ metrics, path, hosts }: MetricsAppOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders);
  if (hosts !== null) app.use(onlyOwnHosts(hosts));
  app.use(onlyKnownMethods([{ method: "GET", path }]));
  app.get(path, (context) => expositionResponse(metrics, context.req.header("accept")));
  app.notFound((context) => problem(context, 404, `There is nothing at ${context.req.path}, only ${path}`));
  return app;
}

export async function expositionResponse(
  metrics: Pick<MetricViews, "render">,
  accept: string | undefined,
): Promise<Response> {
  const format = wantedFormat(accept);
  return new Response(await metrics.render(format), { headers: { "content-type": CONTENT_TYPE[format] } });
}

/** OpenMetrics 1.0.0 only for those who would rather have it: Prometheus names it, browsers do not. */
export function wantedFormat(accept = ""): keyof typeof CONTENT_TYPE {
  let [open, plain] = [0, 0];
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...params] = range.split(";").map((part) => part.trim());
    const param = (name: string) =>
      params.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    const quality = Number(param("q") ?? 1) || 0;
    const version = param("version");
    if (type === "application/openmetrics-text" && (version === undefined || version === "1.0.0")) {
      open = Math.max(open, quality);
    }
    if (type === "text/plain" && (version === undefined || version === "0.0.4")) {
      plain = Math.max(plain, quality);
    }
  }
  return open > 0 && open >= plain ? "openmetrics" : "prometheus";
}
