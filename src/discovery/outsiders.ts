/**
 * Processes that are no Go programs though a rule means them: they are listed as refused, so that whoever wrote the
 * rule sees why nothing comes of it. Asked by Discovery.
 */
import type { SelectConfig, SelectRule } from "../config/config.ts";
import type { Reason } from "../support/reason.ts";
import type { Candidate } from "./candidate.ts";
import { matchRule } from "./rule_match.ts";

/** The include rule that means this very process, whatever program it is; "ports-needed" when only its ports can tell. */
export function ruleThatMeans(
  { include, exclude }: SelectConfig,
  candidate: Candidate,
  ports: readonly number[] | null,
): SelectRule | "ports-needed" | null {
  if (exclude.some((rule) => matchRule(rule, candidate, ports).kind === "matches")) return null;
  let needsPorts = false;
  for (const rule of include.toReversed()) {
    if (!isExplicit(rule, candidate)) continue;
    const { kind } = matchRule(rule, candidate, ports);
    if (kind === "matches") return rule;
    needsPorts ||= kind === "ports-needed";
  }
  return needsPorts ? "ports-needed" : null;
}

export function notGo({ exe }: Candidate, rule: SelectRule): Reason {
  return {
    code: "not-go",
    message: `${exe} is not a Go program, though ${rule.origin} asks for it`,
    remedy: "Let the rule name a Go program; other languages cannot be traced yet",
  };
}

/** By process id, single ports or a name that can be no other's: "*" would mean every program of the machine. */
function isExplicit({ pids, openPorts, exePath }: SelectRule, { exe }: Candidate): boolean {
  if (pids.length > 0) return true;
  if (openPorts.length > 0 && openPorts.every(({ first, last }) => first === last)) return true;
  if (exePath === null) return false;
  const name = exe.slice(exe.lastIndexOf("/") + 1);
  const pattern = exePath.kind === "glob" ? exePath.glob : literalOf(exePath.regex);
  return pattern === exe || pattern.slice(pattern.lastIndexOf("/") + 1) === name;
}

/** "/opt/app" for /^\/opt\/app$/. */
function literalOf({ source }: RegExp): string {
  return source.replace(/^\^|\$$/g, "").replace(/\\([/.\-])/g, "$1");
}
