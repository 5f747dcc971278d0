/**
 * Which processes are traced, by the rules of the configuration. Asked by Discovery for every Go process; replaced
 * as a whole when the configuration is loaded again.
 */
import type { SelectConfig, SelectRule } from "../config/config.ts";
import type { Reason } from "../support/reason.ts";
import type { Candidate } from "./candidate.ts";
import { type Failure, matchRule, type RuleMatch } from "./rule_match.ts";
import { describeRule } from "./rule_text.ts";

/** `rule`: the last include rule that matches, with what others say of the process; null where there are none. */
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

/** What rules say of a process; each counts for itself, the last that matches and says it. */
const SAYINGS = ["name", "namespace", "sampler", "routes", "exports"] as const;

/** Rules, ready to judge. */
export class Selection {
  /** By the rules that it was made of, so that equal verdicts have the same rule. */
  readonly #merged = new Map<string, SelectRule>();

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
    const matching = including.filter(({ match }) => match.kind === "matches").map(({ rule }) => rule);
    const last = matching.at(-1);
    const mayMatter = ({ rule, match }: typeof including[number], index: number) =>
      match.kind === "ports-needed" &&
      addsTo(
        rule,
        including.slice(index + 1).flatMap(({ rule, match }) => match.kind === "matches" ? [rule] : []),
      );
    if (excluding.some(({ match }) => match.kind === "ports-needed") || including.some(mayMatter)) {
      return { kind: "ports-needed" };
    }
    if (include.length > 0 && last === undefined) {
      const failed = including.flatMap(({ rule, match }) => match.kind === "fails" ? [{ rule, match }] : []);
      return { kind: "excluded", reason: notSelected(failed) };
    }
    if (excludeInstrumented && candidate.instrumentation !== null) {
      return { kind: "excluded", reason: alreadyInstrumented(candidate.instrumentation) };
    }
    return { kind: "selected", rule: last === undefined ? null : this.#merge(matching, last) };
  }

  /** As Beyla layers selectors (makeServiceAttrs in pkg/appolly/discover/typer.go of OBI). */
  #merge(rules: readonly SelectRule[], last: SelectRule): SelectRule {
    const saying = SAYINGS.map((key) => rules.findLast((rule) => rule[key] !== null) ?? last);
    if (saying.every((rule) => rule === last)) return last;
    const key = [...saying, last].map((rule) => this.config.include.indexOf(rule)).join();
    const known = this.#merged.get(key);
    if (known !== undefined) return known;
    const said = Object.fromEntries(SAYINGS.map((name, index) => [name, saying[index]![name]]));
    const merged: SelectRule = { ...last, ...said };
    this.#merged.set(key, merged);
    return merged;
  }
}

/** Whether it makes a difference that `rule` matches too, before `later` ones do. */
function addsTo(rule: SelectRule, later: readonly SelectRule[]): boolean {
  if (later.length === 0) return true;
  return SAYINGS.some((key) => rule[key] !== null && later.every((other) => other[key] === null));
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
