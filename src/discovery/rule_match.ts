/**
 * One selection rule against one process: whether all that the rule names holds, and else what does not. Used by
 * Selection.
 */
import type { SelectRule, TextMatch } from "../config/config.ts";
import { matchesGlob } from "../support/glob.ts";
import { withoutSecretWords } from "../support/secret_words.ts";
import type { Candidate } from "./candidate.ts";

/**
 * What keeps a rule from matching. `port`: only the ports, so that it may match later; `unknown`: it asks for what
 * the process does not tell; `differs`: anything else.
 */
export type Failure = "port" | "unknown" | "differs";

export type RuleMatch =
  | { readonly kind: "matches" }
  /** All else holds, and the ports were not known. */
  | { readonly kind: "ports-needed" }
  | {
    readonly kind: "fails";
    readonly failure: Failure;
    /** "asks for port 8080, the process listens on 9090" */
    readonly message: string;
    /** Attributes that the process does not tell. */
    readonly missing: readonly string[];
  };

const SHOWN_ARGS = 120;

/** @param ports on which the process listens; null: they have not been asked for. */
export function matchRule(
  rule: SelectRule,
  candidate: Candidate,
  ports: readonly number[] | null,
): RuleMatch {
  const difference = differenceOf(rule, candidate);
  if (difference !== null) return fails("differs", difference);
  const missing = textsOf(rule, candidate).flatMap(({ attribute, value }) =>
    value === undefined ? [attribute] : []
  );
  if (missing.length > 0) {
    return fails("unknown", `asks for ${missing.join(", ")}, which the process does not tell`, missing);
  }
  if (rule.openPorts.length === 0) return { kind: "matches" };
  if (ports === null) return { kind: "ports-needed" };
  if (ports.some((port) => rule.openPorts.some(({ first, last }) => first <= port && port <= last))) {
    return { kind: "matches" };
  }
  const wanted = rule.openPorts.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`);
  const found = ports.length > 0 ? `the process listens on ${ports.join(", ")}` : "it listens on none yet";
  return fails("port", `asks for port ${wanted.join(", ")}, ${found}`);
}

function describeMatch(match: TextMatch): string {
  return match.kind === "glob" ? `like "${match.glob}"` : `that match ${match.regex}`;
}

function shownArgs(args: string): string {
  return withoutSecretWords(args.split(" ")).join(" ").slice(0, SHOWN_ARGS);
}

function matchesText(match: TextMatch, text: string): boolean {
  return match.kind === "glob" ? matchesGlob(match.glob, text) : text.search(match.regex) >= 0;
}

/** What is known to be otherwise than the rule wants, or null. */
function differenceOf(rule: SelectRule, candidate: Candidate): string | null {
  const { pid, exe, args, isGo, containerId } = candidate;
  if (rule.pids.length > 0 && !rule.pids.includes(pid)) {
    return `asks for process ${rule.pids.join(", ")}, this is ${pid}`;
  }
  if (rule.exePath && !matchesText(rule.exePath, exe)) {
    return `asks for executables ${describeMatch(rule.exePath)}, this is ${exe}`;
  }
  if (rule.cmdArgs && !matchesText(rule.cmdArgs, args)) {
    return `asks for arguments ${describeMatch(rule.cmdArgs)}, these are "${shownArgs(args)}"`;
  }
  if (rule.languages && !(isGo && matchesText(rule.languages, "go"))) {
    return `asks for languages ${describeMatch(rule.languages)}, this is ${isGo ? "go" : "another"}`;
  }
  if (rule.containersOnly && containerId === null) {
    return "asks for processes in containers, this one is in none";
  }
  for (const { attribute, match, value } of textsOf(rule, candidate)) {
    if (value !== undefined && !matchesText(match, value)) {
      return `asks for ${attribute} ${describeMatch(match)}, the process has "${value}"`;
    }
  }
  return null;
}

/** Attributes that the rule asks for, with what the process tells of them. */
function textsOf(
  { containerName, kubernetes }: SelectRule,
  { attributes }: Candidate,
): { attribute: string; match: TextMatch; value: string | undefined }[] {
  const texts = kubernetes.map(({ attribute, match }) => ({
    attribute,
    match,
    value: attributes.get(attribute),
  }));
  if (!containerName) return texts;
  // Only a container runtime knows every name; in Kubernetes the two are the same.
  const value = attributes.get("container.name") ?? attributes.get("k8s.container.name");
  return [{ attribute: "container.name", match: containerName, value }, ...texts];
}

function fails(failure: Failure, message: string, missing: readonly string[] = []): RuleMatch {
  return { kind: "fails", failure, message, missing };
}
