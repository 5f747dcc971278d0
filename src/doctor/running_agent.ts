/** An agent that runs, as its status API tells of it. Made by api_port.ts; asked by diagnose.ts. */
import type { UnmatchedRule } from "../discovery/unmatched_rules.ts";
import type { RefusedDecoder } from "../registry/model.ts";
import type { StatusReport, TargetReport } from "../status/model.ts";
import { type Finding, found, ok } from "./finding.ts";

const TIMEOUT_MS = 5_000;

interface TargetsAnswer {
  readonly targets: readonly TargetReport[];
  readonly unmatchedRules?: readonly UnmatchedRule[];
}

export class RunningAgent {
  readonly url: string;
  readonly status: StatusReport;
  readonly targets: readonly TargetReport[];
  readonly unmatchedRules: readonly UnmatchedRule[];
  readonly refusedDecoders: readonly RefusedDecoder[];

  private constructor(url: string, parts: Omit<RunningAgent, "url" | "findings">) {
    this.url = url;
    this.status = parts.status;
    this.targets = parts.targets;
    this.unmatchedRules = parts.unmatchedRules;
    this.refusedDecoders = parts.refusedDecoders;
  }

  /** Null where something else answers, or nothing. */
  static async at(url: string): Promise<RunningAgent | null> {
    try {
      const status = await ask<StatusReport>(url, "/api/v1/status");
      // Another program may answer JSON, too.
      if (typeof status.version !== "string" || typeof status.loader?.state !== "string") return null;
      const { targets, unmatchedRules = [] } = await ask<TargetsAnswer>(url, "/api/v1/targets");
      const { refused } = await ask<{ refused: readonly RefusedDecoder[] }>(url, "/api/v1/decoders");
      return new RunningAgent(url, { status, targets, unmatchedRules, refusedDecoders: refused });
    } catch {
      return null;
    }
  }

  /** Its own state: loader, losses. */
  findings(): Finding[] {
    const { version, uptimeSeconds, loader, accounting, export: exported } = this.status;
    const findings = [
      ok("agent", "agent", `Tsunagi ${version} answers at ${this.url}, up for ${duration(uptimeSeconds)}`),
    ];
    if (loader.state === "running") {
      const again = loader.restarts > 0 ? `, started again ${times(loader.restarts)}` : "";
      findings.push(ok("agent", "loader", `runs as process ${loader.pid}${again}`));
    } else {
      findings.push(found("agent", "fail", "loader", {
        code: "loader-not-running",
        message: `It is ${loader.state}: ${loader.lastError ?? "the agent has not said why"}`,
        remedy: "See the group machine above, and the agent's log",
      }));
    }
    const lost = Object.entries(accounting.lost).filter(([, count]) => count > 0);
    if (lost.length === 0) findings.push(ok("agent", "spans", `${accounting.exported} exported, none lost`));
    else {
      const reasons = lost.map(([reason, count]) => `${count} ${reason}`).join(", ");
      findings.push(found("agent", "warn", "spans", {
        code: "spans-lost",
        message: `${accounting.exported} exported, lost: ${reasons}`,
        remedy: exported.lastError === null
          ? "docs/troubleshooting.md tells what each reason means"
          : `The last attempt to export failed: ${exported.lastError}`,
      }));
    }
    return findings;
  }
}

async function ask<T>(url: string, path: string): Promise<T> {
  const response = await fetch(url + path, {
    headers: { accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${path} answered ${response.status}`);
  }
  return await response.json();
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
