/** Judges what a running agent says of itself: loader, configuration, losses. Called by api_port.ts. */
import type { StatusReport } from "../status/model.ts";
import { type Finding, found, ok } from "./finding.ts";

/** The part of the status that is judged. */
export type AgentStatus = Pick<
  StatusReport,
  "version" | "uptimeSeconds" | "loader" | "accounting" | "export" | "metricsExport" | "config"
>;

export function judgeAgent(url: string, status: AgentStatus): Finding[] {
  const { version, uptimeSeconds } = status;
  return [
    ok("agent", "agent", `Tsunagi ${version} answers at ${url}, up for ${duration(uptimeSeconds)}`),
    loaderFinding(status),
    ...configFindings(status),
    spansFinding(status),
    ...exportFindings(status),
  ];
}

function loaderFinding({ loader: { state, pid, restarts, reason } }: AgentStatus): Finding {
  if (state === "running") {
    const again = restarts === 0 ? "" : `, started again ${restarts === 1 ? "once" : `${restarts} times`}`;
    return ok("agent", "loader", `runs as process ${pid}${again}`);
  }
  if (reason !== null) return found("agent", "fail", "loader", reason);
  return found("agent", "fail", "loader", {
    code: "loader-not-running",
    message: `It is ${state}, and the agent has not said why`,
    remedy: "Ask again in a few seconds, then see the agent's log",
  });
}

function configFindings({ config }: AgentStatus): Finding[] {
  if (!config?.error) return [];
  return [found("agent", "fail", "configuration", {
    code: "config-refused",
    message: `The one of ${config.loadedAt} is in force, as the newer one cannot be used:\n${config.error}`,
    remedy: "Correct the file; the agent reads it again by itself",
  })];
}

function spansFinding({ accounting, export: { lastError } }: AgentStatus): Finding {
  const lost = Object.entries(accounting.lost).filter(([, count]) => count > 0);
  if (lost.length === 0) return ok("agent", "spans", `${accounting.exported} exported, none lost`);
  const reasons = lost.map(([reason, count]) => `${count} ${reason}`).join(", ");
  return found("agent", "warn", "spans", {
    code: "spans-lost",
    message: `${accounting.exported} exported, lost: ${reasons}` +
      (lastError === null ? "" : `; the last failure of the export: ${lastError}`),
    remedy: "docs/troubleshooting.md tells what helps against each reason",
  });
}

/** By what the agent meets; the collectors themselves are tried below, from here. */
function exportFindings({ export: spans, metricsExport: metrics }: AgentStatus): Finding[] {
  return ([["traces", spans.reason], ["metrics", metrics?.reason ?? null]] as const).flatMap((
    [signal, reason],
  ) => reason === null ? [] : [found("agent", "warn", `export of ${signal}`, reason)]);
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}
