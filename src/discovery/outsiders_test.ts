import assert from "node:assert/strict";
import type { SelectRule } from "../config/config.ts";
import { globOf, ruleOf, selectOf } from "../../tests/support/select.ts";
import type { Candidate } from "./candidate.ts";
import { notGo, ruleThatMeans } from "./outsiders.ts";

const PYTHON: Candidate = {
  pid: 42,
  exe: "/usr/bin/python3.11",
  args: "-m http.server",
  isGo: false,
  containerId: null,
  attributes: new Map(),
  instrumentation: null,
};

function means(rule: Partial<SelectRule>, ports: readonly number[] | null = [8000]): string | null {
  const found = ruleThatMeans(selectOf({ include: [ruleOf({ origin: "r", ...rule })] }), PYTHON, ports);
  return found === null || found === "ports-needed" ? found : found.origin;
}

for (
  const [what, rule] of [
    ["its process id", { pids: [42] }],
    ["its path", { exePath: globOf("/usr/bin/python3.11") }],
    ["its name", { exePath: globOf("*/python3.11") }],
    ["a literal regex", { exePath: { kind: "regex", regex: /^\/usr\/bin\/python3\.11$/ } }],
    ["its port", { openPorts: [{ first: 8000, last: 8000 }] }],
  ] satisfies [string, Partial<SelectRule>][]
) {
  Deno.test(`ruleThatMeans() takes ${what} for a program that is meant`, () => {
    assert.equal(means(rule), "r");
    assert.equal(means({ ...rule, cmdArgs: globOf("serve") }), null, "all parts must hold");
    assert.equal(means({ ...rule, languages: globOf("go") }), null, "the rule knows that it is no Go");
  });
}

for (
  const [what, rule] of [
    ["nothing", {}],
    ["a pattern", { exePath: globOf("/usr/bin/*") }],
    ["a pattern for all", { exePath: globOf("*") }],
    ["part of the name", { exePath: { kind: "regex", regex: /python/ } }],
    ["a range of ports", { openPorts: [{ first: 8000, last: 8999 }] }],
    ["another port", { openPorts: [{ first: 80, last: 80 }] }],
    ["another process", { pids: [7] }],
  ] satisfies [string, Partial<SelectRule>][]
) {
  Deno.test(`ruleThatMeans() takes a rule with ${what} for one about other programs`, () => {
    assert.equal(means(rule), null);
  });
}

Deno.test("ruleThatMeans() says when ports must be asked for, and only then", () => {
  const openPorts = [{ first: 8000, last: 8000 }];
  assert.equal(means({ openPorts }, null), "ports-needed");
  assert.equal(means({ openPorts, exePath: globOf("/opt/app") }, null), null);
  const both = selectOf({ include: [ruleOf({ openPorts }), ruleOf({ origin: "pid", pids: [42] })] });
  const found = ruleThatMeans(both, PYTHON, null);
  assert.equal(found === null || found === "ports-needed" ? found : found.origin, "pid");
});

Deno.test("ruleThatMeans() leaves out what an exclude rule matches", () => {
  const pids = [42];
  const select = selectOf({
    include: [ruleOf({ pids })],
    exclude: [ruleOf({ exePath: globOf("*python*") })],
  });
  assert.equal(ruleThatMeans(select, PYTHON, []), null);
});

Deno.test("notGo() names the program and the rule", () => {
  const { code, message } = notGo(PYTHON, ruleOf({ origin: "--pid" }));
  assert.equal(code, "not-go");
  assert.equal(message, "/usr/bin/python3.11 is not a Go program, though --pid asks for it");
});
