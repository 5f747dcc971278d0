/**
 * What `deno task doctor` found out: one line of its report. Made by the files of this folder, shown by src/cli/doctor.
 */
import type { Reason } from "../support/reason.ts";

/** In the order in which they are looked at and shown. */
export const GROUPS = ["machine", "configuration", "agent", "collectors", "decoders", "targets"] as const;

export type Group = typeof GROUPS[number];

/** `skip`: not looked at, or left alone on purpose. Only `fail` makes the command fail. */
export type Severity = "ok" | "warn" | "fail" | "skip";

/** One thing that was looked at. */
export interface Finding {
  readonly group: Group;
  readonly severity: Severity;
  /** As in the API and the agent's log; "ok" where all is well. Never renamed once released. */
  readonly code: string;
  /** What was looked at: "cgroup v2", "process 4211 /srv/orders". */
  readonly what: string;
  /** What is the case, and why. */
  readonly cause: string;
  /** What to do about it; "" where there is nothing to do. */
  readonly remedy: string;
}

/** All is well. */
export function ok(group: Group, what: string, cause: string): Finding {
  return { group, severity: "ok", code: "ok", what, cause, remedy: "" };
}

/** `reason` as it came from the part that knows best. */
export function found(group: Group, severity: Severity, what: string, reason: Reason): Finding {
  const { code, message, remedy } = reason;
  return { group, severity, code, what, cause: message, remedy };
}
