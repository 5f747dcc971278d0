/** A selection rule in words, for messages. Used by Selection and for rules that match nothing. */
import type { SelectRule, TextMatch } from "../config/config.ts";

/** `executable "front" and port 8080`; what it does not name is left out. */
export function describeRule(rule: SelectRule): string {
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
