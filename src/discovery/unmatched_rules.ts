/** Include rules that match nothing, a mistake that no list of processes shows. Asked by Discovery. */
import type { SelectRule } from "../config/config.ts";
import type { Reason } from "../support/reason.ts";
import { matchRule } from "./rule_match.ts";
import { describeRule } from "./rule_text.ts";
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
