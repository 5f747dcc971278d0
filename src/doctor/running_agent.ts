/** An agent that runs, as its status API tells of it. Found by api_port.ts; asked by processes.ts. */
import type { UnmatchedRule } from "../discovery/unmatched_rules.ts";
import type { RefusedDecoder } from "../registry/model.ts";
import type { StatusReport, TargetReport, TargetsAnswer } from "../status/model.ts";
import type { Reason } from "../support/reason.ts";

const TIMEOUT_MS = 5_000;

export class RunningAgent {
  readonly url: string;
  readonly status: StatusReport;
  readonly targets: readonly TargetReport[];
  readonly unmatchedRules: readonly UnmatchedRule[];
  /** Why it traces nothing at all; null while its loader runs. */
  readonly loader: Reason | null;
  readonly refusedDecoders: readonly RefusedDecoder[];

  private constructor(url: string, parts: Omit<RunningAgent, "url">) {
    this.url = url;
    this.status = parts.status;
    this.targets = parts.targets;
    this.unmatchedRules = parts.unmatchedRules;
    this.loader = parts.loader;
    this.refusedDecoders = parts.refusedDecoders;
  }

  /** Null where something else answers, or nothing. */
  static async at(url: string): Promise<RunningAgent | null> {
    try {
      const status = await ask<StatusReport>(url, "/api/v1/status");
      // Another program may answer JSON, too.
      if (typeof status.version !== "string" || typeof status.loader?.state !== "string") return null;
      const { targets, unmatchedRules, loader } = await ask<TargetsAnswer>(url, "/api/v1/targets");
      const { refused } = await ask<{ refused: readonly RefusedDecoder[] }>(url, "/api/v1/decoders");
      return new RunningAgent(url, { status, targets, unmatchedRules, loader, refusedDecoders: refused });
    } catch {
      return null;
    }
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
