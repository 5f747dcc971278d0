/** Selection rules for tests: what a rule does not name is left open. */
import type { SelectConfig, SelectRule, TextMatch } from "../../src/config/config.ts";
import { ANYTHING } from "../../src/config/resolve_select.ts";

export function ruleOf(parts: Partial<SelectRule> = {}): SelectRule {
  return { origin: "discovery.services[0]", ...ANYTHING, ...parts };
}

export function globOf(glob: string): TextMatch {
  return { kind: "glob", glob };
}

export function selectOf(parts: Partial<SelectConfig> = {}): SelectConfig {
  return { include: [], exclude: [], excludeInstrumented: false, ...parts };
}
