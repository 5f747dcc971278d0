/** Selection rules for tests: what a rule does not name is left open. */
import type { SelectConfig, SelectRule, TextMatch } from "../../src/config/config.ts";

export function ruleOf(parts: Partial<SelectRule> = {}): SelectRule {
  return {
    origin: "discovery.services[0]",
    name: null,
    namespace: null,
    openPorts: [],
    exePath: null,
    cmdArgs: null,
    languages: null,
    pids: [],
    containersOnly: false,
    containerName: null,
    kubernetes: [],
    sampler: null,
    routes: null,
    exports: null,
    ...parts,
  };
}

export function globOf(glob: string): TextMatch {
  return { kind: "glob", glob };
}

export function selectOf(parts: Partial<SelectConfig> = {}): SelectConfig {
  return { include: [], exclude: [], excludeInstrumented: false, ...parts };
}
