import assert from "node:assert/strict";
import type { SelectRule } from "../config/config.ts";
import { processInfo } from "../../tests/support/process_info.ts";
import { globOf, ruleOf } from "../../tests/support/select.ts";
import { trackedOf } from "./tracked.ts";
import { rulesWithoutMatch, unmatched } from "./unmatched_rules.ts";

function tracked(ports: readonly number[] | null) {
  const reason = { code: "", message: "", remedy: "" };
  const inspection = { kind: "refused", goVersion: null, reason } as const;
  return { ...trackedOf(processInfo(), { inspection, structs: null }), ports };
}

function matches(rule: Partial<SelectRule>, ports: readonly number[] | null = null): boolean {
  return rulesWithoutMatch([ruleOf(rule)], [tracked(ports)]).length === 0;
}

Deno.test("rulesWithoutMatch() finds rules that no process matches", () => {
  assert.equal(matches({ exePath: globOf("/opt/*") }), true);
  assert.equal(matches({ exePath: globOf("/srv/*") }), false);
  assert.equal(rulesWithoutMatch([ruleOf()], []).length, 1, "there is no process at all");
});

Deno.test("rulesWithoutMatch() does not blame a rule for ports that were not asked for", () => {
  const openPorts = [{ first: 80, last: 80 }];
  assert.equal(matches({ openPorts }, null), true);
  assert.equal(matches({ openPorts }, [8080]), false);
  assert.equal(matches({ openPorts }, [80]), true);
});

Deno.test("unmatched() says what the rule asks for, and how to come to it", () => {
  const kubernetes = [{ attribute: "k8s.namespace.name", match: globOf("shop") }];
  const openPorts = [{ first: 80, last: 80 }, { first: 90, last: 99 }];
  const first = unmatched(ruleOf({ origin: "--port", openPorts, cmdArgs: { kind: "regex", regex: /^a/ } }));
  assert.equal(first.code, "rule-matches-nothing");
  assert.equal(
    first.message,
    "--port matches no Go process: it asks for arguments /^a/ and port 80, 90-99",
  );
  const second = unmatched(ruleOf({ origin: "discovery.services[1]", kubernetes }));
  assert.match(second.message, /asks for k8s\.namespace\.name "shop"$/);
  assert.match(second.remedy, /k8s\.namespace\.name in OTEL_RESOURCE_ATTRIBUTES/);
});
