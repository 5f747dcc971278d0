/**
 * Which processes are traced, by the rules of the configuration. Asked by Discovery for every Go process; replaced
 * as a whole when the configuration is loaded again.
 */
import type { SelectConfig, SelectRule } from "../config/config.ts";
import type { Reason } from "../support/reason.ts";
import type { Candidate } from "./candidate.ts";
import { type Failure, matchRule, type RuleMatch } from "./rule_match.ts";
import { describeRule } from "./rule_text.ts";

/** `rule`: the include rule that names the process, or null where there are none. */
export type Verdict =
  | { readonly kind: "selected"; readonly rule: SelectRule | null }
  | { readonly kind: "excluded"; readonly reason: Reason }
  /** It depends on the ports on which the process listens. */
  | { readonly kind: "ports-needed" };

/** Rules of which a message tells; there may be hundreds. */
const SHOWN_RULES = 3;
/** The nearer a rule came to match, the sooner it is told. */
const NEARNESS: Readonly<Record<Failure, number>> = { port: 0, unknown: 1, differs: 2 };

interface Failed {
  readonly rule: SelectRule;
  readonly match: Extract<RuleMatch, { kind: "fails" }>;
}

/** Rules, ready to judge. */
export class Selection {
  constructor(readonly config: SelectConfig) {}

  /** @param ports on which the process listens; null: not asked for yet. */
  judge(candidate: Candidate, ports: readonly number[] | null): Verdict {
    const { include, exclude, excludeInstrumented } = this.config;
    const matches = (rules: readonly SelectRule[]) =>
      rules.map((rule) => ({ rule, match: matchRule(rule, candidate, ports) }));
    const excluding = matches(exclude);
    const including = matches(include);
    const against = excluding.find(({ match }) => match.kind === "matches");
    if (against) return { kind: "excluded", reason: excludedBy(against.rule) };
    const lastOf = (kind: RuleMatch["kind"]) => including.findLastIndex(({ match }) => match.kind === kind);
    if (
      excluding.some(({ match }) => match.kind === "ports-needed") ||
      lastOf("ports-needed") > lastOf("matches")
    ) {
      return { kind: "ports-needed" };
    }
    const chosen = including[lastOf("matches")];
    if (include.length > 0 && !chosen) {
      const failed = including.flatMap(({ rule, match }) => match.kind === "fails" ? [{ rule, match }] : []);
      return { kind: "excluded", reason: notSelected(failed) };
    }
    if (excludeInstrumented && candidate.instrumentation !== null) {
      return { kind: "excluded", reason: alreadyInstrumented(candidate.instrumentation) };
    }
    return { kind: "selected", rule: chosen?.rule ?? null };
  }
}

function excludedBy(rule: SelectRule): Reason {
  return {
    code: "excluded-by-rule",
    message: `${rule.origin} excludes it: it asks for ${describeRule(rule)}`,
    remedy: "Take that rule out of the configuration, or let it name less",
  };
}

/** By the rule that came nearest. */
function notSelected(failed: readonly Failed[]): Reason {
  const nearest = failed.toSorted((a, b) => NEARNESS[a.match.failure] - NEARNESS[b.match.failure]);
  const shown = nearest.slice(0, SHOWN_RULES).map(({ rule, match }) => `${rule.origin} ${match.message}`);
  const more = nearest.length > SHOWN_RULES ? `; and ${nearest.length - SHOWN_RULES} more` : "";
  const message = `No rule selects it: ${shown.join("; ")}${more}`;
  const [first] = nearest;
  switch (first?.match.failure) {
    case "port":
      return {
        code: "port-not-open",
        message,
        remedy: "Correct the port, or let the service listen there; it is traced as soon as it does",
      };
    case "unknown":
      return unknown(message, first.match.missing);
    default:
      return {
        code: "not-selected",
        message,
        remedy: "Add a rule that matches this process, or give none to trace every Go process",
      };
  }
}

function unknown(message: string, missing: readonly string[]): Reason {
  const example = missing.map((attribute) => `${attribute}=...`).join(",");
  return {
    code: missing.some((attribute) => attribute.startsWith("k8s."))
      ? "kubernetes-unknown"
      : "container-unknown",
    message,
    remedy: `Say it in the process's environment (OTEL_RESOURCE_ATTRIBUTES=${example}), or select it by ` +
      "executable or port",
  };
}

function alreadyInstrumented(module: string): Reason {
  return {
    code: "already-instrumented",
    message: `The program makes its own OpenTelemetry spans of HTTP requests: it is built with ${module}`,
    remedy:
      "Nothing needs to be done; discovery.exclude_otel_instrumented_services: false traces it all the same",
  };
}
