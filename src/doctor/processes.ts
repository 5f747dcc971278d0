/**
 * Which processes are traced, and why others are not: a running agent's word counts, else that of a dry run. Called by
 * diagnose.ts.
 */
import { LoaderExitError } from "../loader/loader_error.ts";
import { describeError } from "../support/errors.ts";
import { type Finding, found } from "./finding.ts";
import type { LocalTargets } from "./local_targets.ts";
import type { RunningAgent } from "./running_agent.ts";
import { type JudgedTarget, judgeProcesses, NEAR_MISSES } from "./targets.ts";

export interface ProcessesOptions {
  readonly agent: RunningAgent | null;
  /** Whether flags ask for single processes, which an agent with other rules has an answer for, too. */
  readonly asks: boolean;
  /** Null: the loader cannot start on this machine. */
  readonly judgeLocally: (() => Promise<LocalTargets>) | null;
}

export async function examineProcesses({ agent, asks, judgeLocally }: ProcessesOptions): Promise<Finding[]> {
  if (agent && !asks) {
    const { targets, unmatchedRules, loader } = agent;
    if (loader !== null) return [notLookedAt("the agent's loader does not run, see above")];
    return judgeProcesses({ targets, unmatchedRules, running: true, asked: null });
  }
  if (judgeLocally === null) return [notLookedAt("the loader cannot start, see above")];
  let local: LocalTargets;
  try {
    local = await judgeLocally();
  } catch (error) {
    if (error instanceof LoaderExitError) return [found("targets", "fail", "processes", error.reason)];
    return [notLookedAt(describeError(error))];
  }
  const { targets, unmatchedRules } = local;
  const running = agent !== null;
  return judgeProcesses({
    targets: merged(targets, agent),
    unmatchedRules,
    running,
    asked: asks ? askedFor(targets) : null,
  });
}

/** Processes that the flags mean: those that they select, else those that come nearest. */
function askedFor(targets: readonly JudgedTarget[]): ReadonlySet<number> {
  const isSelected = targets.some(({ state }) => state !== "excluded");
  const isMeant = ({ reason }: JudgedTarget) =>
    reason === null || !(reason.code === "not-selected" || isSelected && NEAR_MISSES.has(reason.code));
  return new Set(targets.filter(isMeant).map(({ pid }) => pid));
}

/** What a running agent says of a process counts for more than what one would do. */
function merged(local: readonly JudgedTarget[], agent: RunningAgent | null): JudgedTarget[] {
  return local.map((target) => agent?.targets.find(({ pid }) => pid === target.pid) ?? target);
}

function notLookedAt(why: string): Finding {
  return found("targets", "skip", "processes", {
    code: "targets-unknown",
    message: `They were not looked at: ${why}`,
    remedy: "Repair what is named above, then run the doctor again",
  });
}
