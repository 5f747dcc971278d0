import assert from "node:assert/strict";
import type { SelectConfig, SelectRule } from "../config/config.ts";
import { globOf as glob, ruleOf as rule, selectOf } from "../../tests/support/select.ts";
import type { Candidate } from "./candidate.ts";
import { Selection } from "./selector.ts";

const FRONT: Candidate = {
  pid: 42,
  exe: "/opt/shop/bin/front",
  args: "serve --port 8080",
  isGo: true,
  containerId: null,
  attributes: new Map(),
  instrumentation: null,
};

function judge(
  config: Partial<SelectConfig>,
  ports: readonly number[] | null = [8080],
  candidate: Candidate = FRONT,
): string {
  const verdict = new Selection(selectOf(config)).judge(candidate, ports);
  if (verdict.kind === "excluded") return verdict.reason.code;
  return verdict.kind === "selected" ? verdict.rule?.origin ?? "selected" : verdict.kind;
}

function messageOf(include: SelectRule[], candidate = FRONT, ports: readonly number[] | null = [8080]) {
  const verdict = new Selection(selectOf({ include })).judge(candidate, ports);
  assert.equal(verdict.kind, "excluded");
  return verdict.kind === "excluded" ? verdict.reason.message : "";
}

Deno.test("Selection selects every process when there are no rules", () => {
  assert.equal(judge({}, null), "selected");
});

const PARTS: readonly (readonly [what: string, holds: Partial<SelectRule>, fails: Partial<SelectRule>])[] = [
  ["pids", { pids: [1, 42] }, { pids: [1] }],
  ["a glob on the executable", { exePath: glob("*/front") }, { exePath: glob("front") }],
  ["a regex on the executable", { exePath: { kind: "regex", regex: /shop/ } }, {
    exePath: { kind: "regex", regex: /^shop/ },
  }],
  ["arguments", { cmdArgs: glob("serve *") }, { cmdArgs: glob("migrate*") }],
  ["languages", { languages: glob("go") }, { languages: glob("java") }],
  ["a port", { openPorts: [{ first: 8080, last: 8080 }] }, { openPorts: [{ first: 80, last: 80 }] }],
  ["ports", { openPorts: [{ first: 1, last: 2 }, { first: 8000, last: 8999 }] }, {
    openPorts: [{ first: 8081, last: 8999 }],
  }],
];
for (const [what, holds, fails] of PARTS) {
  Deno.test(`Selection judges by ${what}, and all parts of a rule must hold`, () => {
    const code = "openPorts" in fails ? "port-not-open" : "not-selected";
    assert.equal(judge({ include: [rule({ ...holds, origin: "r" })] }), "r");
    assert.equal(judge({ include: [rule(fails)] }), code);
    for (const [other, otherHolds] of PARTS) {
      if (other.startsWith(what.slice(0, 4))) continue;
      assert.equal(judge({ include: [rule({ ...otherHolds, ...holds, origin: "r" })] }), "r", other);
      assert.equal(judge({ include: [rule({ ...otherHolds, ...fails })] }), code, other);
    }
    assert.equal(judge({ exclude: [rule(holds)] }), "excluded-by-rule");
    assert.equal(judge({ exclude: [rule(fails)] }), "selected");
  });
}

Deno.test("Selection: any rule selects, and the last that matches names", () => {
  const include = [
    rule({ origin: "first", exePath: glob("*") }),
    rule({ origin: "second", pids: [42] }),
    rule({ origin: "third", pids: [43] }),
  ];
  assert.equal(judge({ include }), "second");
  assert.equal(judge({ include, exclude: [rule({ cmdArgs: glob("serve*") })] }), "excluded-by-rule");
});

Deno.test("Selection: what rules say counts one by one, of each the last that says it", () => {
  const sampler = { name: "always_off", ratio: 1 } as const;
  const include = [
    rule({ origin: "first", name: "shop", namespace: "prod", sampler, exports: ["traces"] }),
    rule({ origin: "second", name: "front", pids: [42] }),
    rule({ origin: "third", exports: [], exePath: glob("*/front") }),
    rule({ origin: "other", name: "other", sampler: null, pids: [1] }),
  ];
  const selection = new Selection(selectOf({ include }));
  const verdict = selection.judge(FRONT, null);
  const chosen = verdict.kind === "selected" ? verdict.rule! : assert.fail(verdict.kind);
  const { origin, name, namespace, exports } = chosen;
  assert.deepEqual({ origin, name, namespace, sampler: chosen.sampler, exports }, {
    origin: "third",
    name: "front",
    namespace: "prod",
    sampler,
    exports: [],
  });
  const again = selection.judge({ ...FRONT, args: "" }, null);
  assert.equal(
    again.kind === "selected" && again.rule,
    chosen,
    "the same rule, so that nothing is told anew",
  );
});

Deno.test("Selection asks for ports where a rule that wants them could say something", () => {
  const port = { openPorts: [{ first: 8080, last: 8080 }] };
  const named = rule({ origin: "port", name: "web", ...port });
  const exe = rule({ origin: "exe", exePath: glob("*/front") });
  assert.equal(judge({ include: [named, exe] }, null), "ports-needed");
  assert.equal(judge({ include: [named, { ...exe, name: "front" }] }, null), "exe");
});

Deno.test("Selection asks for ports only where they decide", () => {
  const port = rule({ origin: "port", openPorts: [{ first: 8080, last: 8080 }] });
  const exe = rule({ origin: "exe", exePath: glob("*/front") });
  const other = rule({ origin: "other", exePath: glob("*/other"), openPorts: port.openPorts });
  assert.equal(judge({ include: [port] }, null), "ports-needed");
  assert.equal(judge({ include: [exe, port] }, null), "ports-needed", "the port's rule might name it");
  assert.equal(judge({ include: [port, exe] }, null), "exe");
  assert.equal(judge({ include: [other] }, null), "not-selected");
  assert.equal(judge({ include: [exe], exclude: [port] }, null), "ports-needed");
  assert.equal(judge({ include: [exe, other], exclude: [other] }, null), "exe");
});

Deno.test("Selection tells containers by the cgroup, and their names only as far as they are known", () => {
  const inside = { ...FRONT, containerId: "ab".repeat(32) };
  const named = { ...inside, attributes: new Map([["k8s.container.name", "web"]]) };
  const only = { include: [rule({ containersOnly: true, origin: "r" })] };
  const byName = { include: [rule({ containerName: glob("web*"), origin: "r" })] };
  assert.deepEqual([judge(only), judge(only, [], inside)], ["not-selected", "r"]);
  assert.deepEqual([judge(byName, [], inside), judge(byName, [], named)], ["container-unknown", "r"]);
  assert.equal(judge({ include: [rule({ containerName: glob("db") })] }, [], named), "not-selected");
});

Deno.test("Selection holds Kubernetes attributes against what the process says of itself", () => {
  const kubernetes = [
    { attribute: "k8s.namespace.name", match: glob("shop") },
    { attribute: "k8s.pod.label.app", match: { kind: "regex", regex: /^front/ } as const },
  ];
  const include = [rule({ kubernetes, origin: "r" })];
  const of = (attributes: Record<string, string>) => ({
    ...FRONT,
    attributes: new Map(Object.entries(attributes)),
  });
  const both = of({ "k8s.namespace.name": "shop", "k8s.pod.label.app": "front-1" });
  assert.equal(judge({ include }, [], both), "r");
  assert.equal(judge({ include }, [], of({ "k8s.namespace.name": "shop" })), "kubernetes-unknown");
  assert.equal(judge({ include }, [], of({ "k8s.namespace.name": "other" })), "not-selected");
  assert.match(
    messageOf(include, of({ "k8s.namespace.name": "shop" })),
    /asks for k8s\.pod\.label\.app, which/,
  );
  assert.equal(judge({ exclude: include }), "selected", "what is not known excludes nothing");
});

Deno.test("Selection leaves out programs with spans of their own, unless it is told not to", () => {
  const own = { ...FRONT, instrumentation: "example.com/otelhttp" };
  assert.equal(judge({ excludeInstrumented: true }, [], own), "already-instrumented");
  assert.equal(judge({ excludeInstrumented: false }, [], own), "selected");
  assert.equal(judge({ excludeInstrumented: true }), "selected");
  const include = [rule({ pids: [1] })];
  assert.equal(judge({ excludeInstrumented: true, include }, [], own), "not-selected");
});

Deno.test("Selection names the rules and what failed, the nearest first", () => {
  const include = [
    rule({ origin: "a", exePath: glob("*/back") }),
    rule({ origin: "b", kubernetes: [{ attribute: "k8s.namespace.name", match: glob("shop") }] }),
    rule({ origin: "--port", openPorts: [{ first: 80, last: 80 }, { first: 90, last: 99 }] }),
    rule({ origin: "c", pids: [7] }),
  ];
  assert.equal(
    messageOf(include),
    "No rule selects it: --port asks for port 80, 90-99, the process listens on 8080; " +
      "b asks for k8s.namespace.name, which the process does not tell; " +
      'a asks for executables like "*/back", this is /opt/shop/bin/front; and 1 more',
  );
  assert.equal(
    messageOf([rule({ origin: "--port", openPorts: [{ first: 80, last: 80 }] })], FRONT, []),
    "No rule selects it: --port asks for port 80, it listens on none yet",
  );
});

Deno.test("Selection tells which exclude rule holds, and what it asks for", () => {
  const exclude = [rule({ pids: [1] }), rule({ origin: "x[1]", exePath: glob("*/front"), pids: [42] })];
  const verdict = new Selection(selectOf({ exclude })).judge(FRONT, null);
  assert.equal(
    verdict.kind === "excluded" ? verdict.reason.message : verdict.kind,
    'x[1] excludes it: it asks for process 42 and executable "*/front"',
  );
});
