/**
 * Which Go processes the user wants traced: `--exe`, `--pid` and `--port`, any of which may match. Asked by
 * Discovery for every Go process; without rules everything is selected.
 */
import type { Reason } from "../support/reason.ts";
import { matchesGlob } from "../support/glob.ts";

/** Selection rules; empty lists select everything. */
export interface SelectionRules {
  /** Globs for the whole path of the executable; `*` also matches `/`. */
  readonly exe: readonly string[];
  /** TCP ports on which the process listens. */
  readonly ports: readonly number[];
  /** Process ids as the host sees them. */
  readonly pids: readonly number[];
}

/** What is known of a process when it is judged. */
export interface Candidate {
  readonly pid: number;
  readonly exe: string;
}

/** True when ports matter, so that a process may become selected when it begins to listen. */
export function dependsOnPorts(rules: SelectionRules): boolean {
  return rules.ports.length > 0;
}

/** Null when the process is selected, else why it is not. */
export function exclusion(
  rules: SelectionRules,
  candidate: Candidate,
  listeningPorts: readonly number[],
): Reason | null {
  const { exe, ports, pids } = rules;
  if (exe.length + ports.length + pids.length === 0) return null;
  if (pids.includes(candidate.pid)) return null;
  if (exe.some((glob) => matchesGlob(glob, candidate.exe))) return null;
  if (listeningPorts.some((port) => ports.includes(port))) return null;
  const given = [
    exe.length > 0 ? `--exe ${exe.join(", ")}` : "",
    ports.length > 0 ? `--port ${ports.join(", ")}` : "",
    pids.length > 0 ? `--pid ${pids.join(", ")}` : "",
  ].filter(Boolean).join("; ");
  return {
    code: "not-selected",
    message: `No selection rule matches (${given})`,
    remedy: "Add a rule that matches this process, or give none to trace every Go process",
  };
}
