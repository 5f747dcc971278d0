/** Liveness and readiness, for people and for an orchestrator's probes. */
import { Hono } from "hono";
import type { Readiness } from "./model.ts";
import { problem } from "./problem.ts";

export function healthRoutes({ ready }: { ready: () => Readiness }): Hono {
  return new Hono()
    .get("/healthz", (context) => context.json({ status: "ok" }))
    .get("/readyz", (context) => {
      const readiness = ready();
      return readiness.ready ? context.json({ status: "ready" }) : problem(context, 503, readiness.why);
    });
}
