/** Turns what became of each process, as the agent or the dry run tells it, into findings. Called by diagnose.ts. */
import type { UnmatchedRule } from "../discovery/unmatched_rules.ts";
import type { Reason } from "../support/reason.ts";
import { type Finding, found, ok, type Severity } from "./finding.ts";

/** The part of a target that matters here: of the API's, and of discovery's. */
export interface JudgedTarget {
  readonly pid: number;
  readonly exe: string;
  readonly state: "attaching" | "traced" | "refused" | "excluded";
  readonly reason: Reason | null;
  readonly goVersion: string | null;
  readonly decoder: string | null;
  readonly decoderCheck: "dwarf" | "range" | "nearest" | null;
}

export interface TargetsOptions {
  readonly targets: readonly JudgedTarget[];
  /** Whether an agent traces them, or this is what one would do. */
  readonly running: boolean;
  /** Rules that match no process. */
  readonly unmatchedRules: readonly UnmatchedRule[];
  /** Processes that the user asked for; null: all. */
  readonly asked: ReadonlySet<number> | null;
}

/** Reasons that are no fault: there is nothing to trace, or the user wants it so. */
const WANTED = new Set(["no-http", "not-selected", "excluded-by-rule", "already-instrumented"]);
/** Reasons of processes that a rule may mean, if it has not found the one that it means. */
export const NEAR_MISSES: ReadonlySet<string> = new Set([
  "port-not-open",
  "kubernetes-unknown",
  "container-unknown",
]);
const CHECKS = {
  dwarf: "whose offsets its debug information has",
  range: "made for its Go version",
  nearest: "made for another Go version, so that spans may be wrong",
} as const;

/** What is wrong comes first; processes that are left alone for the same reason follow each other. */
export function judgeProcesses({ targets, running, unmatchedRules, asked }: TargetsOptions): Finding[] {
  const shown = asked === null ? targets : targets.filter(({ pid }) => asked.has(pid));
  const isSelected = shown.some(({ state }) => state !== "excluded");
  // One that another node has, or that is still to come, is no fault; one that was the only hope is.
  const rules = unmatchedRules.map((rule) =>
    found("targets", isSelected ? "warn" : "fail", rule.origin, rule)
  );
  if (shown.length === 0) return rules.length > 0 ? rules : [nothingFound()];
  const judged = shown.map((target) => judge(target, { running, asked: asked !== null, isSelected }));
  const of = (severity: Severity) => judged.filter((finding) => finding.severity === severity);
  const skipped = of("skip").sort((a, b) => a.code.localeCompare(b.code));
  return [...rules, ...of("fail"), ...of("warn"), ...of("ok"), ...skipped];
}

function nothingFound(): Finding {
  return found("targets", "warn", "processes", {
    code: "no-go-process",
    message: "No Go process was found",
    remedy: "Start the program; one in a virtual machine of its own cannot be seen from here",
  });
}

interface JudgeOptions {
  readonly running: boolean;
  readonly asked: boolean;
  /** Whether any process is selected. */
  readonly isSelected: boolean;
}

function judge(target: JudgedTarget, options: JudgeOptions): Finding {
  const { pid, exe, state, reason, goVersion, decoder, decoderCheck } = target;
  const what = `process ${pid} ${exe}`;
  if (reason !== null) return found("targets", severityOf(reason, options), what, reason);
  if (state === "attaching") {
    return found("targets", "warn", what, {
      code: "attaching",
      message: "The agent is attaching to it",
      remedy: "Ask again in a few seconds",
    });
  }
  const verb = options.running ? "traced" : "would be traced";
  const by = decoderCheck === null ? "" : `, ${CHECKS[decoderCheck]}`;
  return ok("targets", what, `${verb}: ${goVersion ?? "Go"}, decoder ${decoder}${by}`);
}

/** What is left alone on purpose is worth a line for whoever asks for it. */
function severityOf({ code }: Reason, { asked, isSelected }: JudgeOptions): Severity {
  // Where nothing is selected, the rule that matches nothing is the fault.
  if (NEAR_MISSES.has(code)) return isSelected ? "skip" : "warn";
  if (!WANTED.has(code)) return "fail";
  return asked ? "warn" : "skip";
}
