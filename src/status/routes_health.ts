/** Liveness and readiness, for people and for an orchestrator's probes. */
import { type Endpoint, endpoint, Refusal } from "./endpoint.ts";
import type { Readiness } from "./model.ts";
import { HEALTH, READY } from "./schemas/status.ts";

export function healthRoutes({ ready }: { readonly ready: () => Readiness }): Endpoint[] {
  const live = (path: string) =>
    endpoint({
      method: "GET",
      path,
      tag: "Probes",
      summary: "Whether the service runs",
      answer: HEALTH,
      handle: () => ({ status: "ok" as const }),
    });
  return [
    live("/healthz"),
    live("/livez"),
    endpoint({
      method: "GET",
      path: "/readyz",
      tag: "Probes",
      summary: "Whether the agent traces",
      answer: READY,
      refusals: { 503: "It does not, and why" },
      handle: () => {
        const readiness = ready();
        if (readiness.ready) return { status: "ready" as const };
        const { why: message } = readiness;
        return new Refusal(503, { code: "not-ready", message, remedy: "Wait, or see the agent's log" });
      },
    }),
  ];
}
