/** The agent's own state: status and targets. */
import { type Endpoint, endpoint } from "./endpoint.ts";
import type { StatusReport, TargetsAnswer } from "./model.ts";
import { STATUS_REPORT } from "./schemas/status.ts";
import { TARGETS_ANSWER } from "./schemas/targets.ts";

export interface AgentRoutesOptions {
  /** May ask the loader for fresh figures first. */
  readonly status: () => StatusReport | Promise<StatusReport>;
  readonly targets: () => TargetsAnswer;
}

export function agentRoutes({ status, targets }: AgentRoutesOptions): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/api/v1/status",
      tag: "Agent",
      summary: "The agent's health, and where every span is",
      answer: STATUS_REPORT,
      handle: () => status(),
    }),
    endpoint({
      method: "GET",
      path: "/api/v1/targets",
      tag: "Agent",
      summary: "Every Go process: its state, the reason, the probed instructions",
      answer: TARGETS_ANSWER,
      handle: () => targets(),
    }),
  ];
}
