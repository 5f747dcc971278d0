/** Include rules that match nothing, a mistake that no list of processes shows. Asked by Discovery. */
import type { SelectRule, TextMatch } from "../config/config.ts";
import type { Reason } from "../support/reason.ts";
import { matchRule } from "./rule_match.ts";
import type { Tracked } from "./tracked.ts";

/** `code` is "rule-matches-nothing". */
export interface UnmatchedRule extends Reason {
  /** The rule, as the configuration names it. */
  readonly origin: string;
}

/** Those of `include` that match no process. Where ports were not asked for, a rule gets the benefit of the doubt. */
export function rulesWithoutMatch(
  include: readonly SelectRule[],
  tracked: readonly Tracked[],
): readonly SelectRule[] {
  return include.filter((rule) =>
    tracked.every(({ candidate, ports }) => matchRule(rule, candidate, ports).kind === "fails")
  );
}

export function unmatched(rule: SelectRule): UnmatchedRule {
  return {
    origin: rule.origin,
    code: "rule-matches-nothing",
    message: `${rule.origin} matches no Go process: it asks for ${describeRule(rule)}`,
    remedy: remedyOf(rule),
  };
}

function remedyOf({ kubernetes, containerName }: SelectRule): string {
  if (kubernetes.length > 0 || containerName) {
    const names = kubernetes.map(({ attribute }) => attribute);
    const wanted = containerName ? ["container.name", ...names] : names;
    return `Let the service tell ${
      wanted.join(", ")
    } in OTEL_RESOURCE_ATTRIBUTES, or select it by executable or port`;
  }
  return "Start the service, or correct the rule; /api/v1/targets lists every Go process";
}

function describeRule(rule: SelectRule): string {
  const text = (what: string, match: TextMatch | null) =>
    match === null ? [] : [`${what} ${match.kind === "glob" ? `"${match.glob}"` : String(match.regex)}`];
  const ports = rule.openPorts.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`);
  const parts = [
    ...rule.pids.length > 0 ? [`process ${rule.pids.join(", ")}`] : [],
    ...text("executable", rule.exePath),
    ...text("arguments", rule.cmdArgs),
    ...text("language", rule.languages),
    ...rule.containersOnly ? ["a container"] : [],
    ...text("container", rule.containerName),
    ...rule.kubernetes.flatMap(({ attribute, match }) => text(attribute, match)),
    ...ports.length > 0 ? [`port ${ports.join(", ")}`] : [],
  ];
  return parts.join(" and ") || "any Go program";
}
