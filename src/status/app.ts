/**
 * The status API. It knows nothing of the stages: the composition root passes functions that describe them, and
 * tests call `app.request()` without a socket.
 */
import { Hono } from "hono";
import type { Logger } from "../support/log.ts";
import type { TraceStore } from "../trace/store.ts";
import type { Readiness, StatusReport, TargetReport } from "./model.ts";
import { problem } from "./problem.ts";
import { decoderRoutes, type DecoderRoutesOptions } from "./routes_decoders.ts";
import { healthRoutes } from "./routes_health.ts";
import { traceRoutes } from "./routes_traces.ts";

export interface StatusAppOptions {
  /** May ask the loader for fresh figures first. */
  readonly status: () => StatusReport | Promise<StatusReport>;
  readonly targets: () => readonly TargetReport[];
  readonly traces: Pick<TraceStore, "list" | "get">;
  readonly ready: () => Readiness;
  readonly decoders: DecoderRoutesOptions["decoders"];
  /** What changing a decoder asks for. */
  readonly token: string;
  readonly log: Logger;
}

export function createStatusApp(options: StatusAppOptions): Hono {
  const { status, targets, traces, ready, decoders, token, log } = options;
  const app = new Hono();
  app.use(async function onlyKnownMethods(context, next) {
    const allowed = new Set(
      app.routes.filter(({ method, path }) => method !== "ALL" && matches(path, context.req.path))
        .map(({ method }) => method),
    );
    if (allowed.has("GET")) allowed.add("HEAD");
    if (allowed.size === 0 || allowed.has(context.req.method)) return await next();
    const methods = [...allowed].sort().join(", ");
    context.header("allow", methods);
    return problem(context, 405, `Method ${context.req.method} is not allowed here, only ${methods}`);
  });
  app.route("/", healthRoutes({ ready }));
  app.get("/api/v1/status", async (context) => context.json(await status()));
  app.get("/api/v1/targets", (context) => context.json({ targets: targets() }));
  app.route("/api/v1/decoders", decoderRoutes({ decoders, token }));
  app.route("/api/v1/traces", traceRoutes({ traces }));
  app.notFound((context) => problem(context, 404, `There is nothing at ${context.req.path}`));
  app.onError((error, context) => {
    log.error("status API failed", { path: context.req.path, error });
    return problem(context, 500, "The agent could not answer; its log says why");
  });
  return app;
}

/** Whether a route such as "/a/:b" is that of `path`. */
function matches(route: string, path: string): boolean {
  const want = route.split("/");
  const have = path.split("/");
  return want.length === have.length &&
    want.every((part, index) => part.startsWith(":") || part === have[index]);
}
