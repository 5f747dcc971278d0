import { deepEqual, equal, match, throws } from "node:assert/strict";
import { canStart, judgeMachine } from "./machine.ts";
import { parseMachineFacts } from "./machine_facts.ts";

const GOOD = [
  { fact: "kernel", release: "6.12.1", machine: "x86_64" },
  { fact: "lockdown", mode: "integrity" },
  { fact: "limits", openFiles: 1024 },
  { fact: "setting", name: "net.core.bpf_jit_enable", value: 1 },
  { check: "capabilities", exit: 0, message: "" },
  { check: "cgroup", exit: 0, message: "" },
  { fact: "cgroup", path: "/sys/fs/cgroup" },
  { fact: "others", listed: true, error: "" },
  { check: "load", exit: 0, message: "" },
  { check: "uprobe", exit: 0, message: "" },
  { fact: "features", uprobeMulti: true, sockhash: true, fionreadDefect: false },
];

/** The report with some lines replaced: those of the same check or fact. */
function factsOf(...lines: readonly Record<string, unknown>[]) {
  const nameOf = (line: Record<string, unknown>) => `${line.check} ${line.fact}`;
  const replaced = new Set(lines.map(nameOf));
  const all = [...GOOD.filter((line) => !replaced.has(nameOf(line))), ...lines];
  return parseMachineFacts(all.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

function trouble(...lines: readonly Record<string, unknown>[]) {
  return judgeMachine(factsOf(...lines)).filter(({ severity }) => severity !== "ok");
}

Deno.test("judgeMachine() has nothing against a good machine, and says what it looked at", () => {
  deepEqual(trouble(), []);
  const findings = judgeMachine(factsOf());
  equal(findings.find(({ what }) => what === "cgroup v2")?.cause, "/sys/fs/cgroup");
  equal(findings.find(({ what }) => what === "kernel")?.cause, "Linux 6.12.1, x86_64");
  equal(canStart(factsOf()), true);
});

Deno.test("judgeMachine() gives each failure the code that the agent's log has for it", () => {
  const f = (check: string, exit: number, code: string) => {
    const [finding, ...more] = trouble({ check, exit, message: "cannot: no (do)" });
    deepEqual([finding?.code, finding?.severity, finding?.cause, more.length], [
      code,
      "fail",
      "cannot: no (do)",
      0,
    ]);
    equal(finding?.remedy === "", false);
    equal(canStart(factsOf({ check, exit, message: "" })), false);
  };
  f("capabilities", 3, "loader-permission");
  f("uprobe", 4, "kernel-feature-missing");
  f("cgroup", 5, "cgroup-v2-missing");
  f("btf", 7, "kernel-btf-missing");
  f("ring-buffer", 8, "ring-buffer-missing");
  f("load", 9, "load-refused");
  f("pid-namespace", 11, "pid-namespace");
});

Deno.test("judgeMachine() tells what follows from another failure once", () => {
  const findings = trouble(
    { check: "capabilities", exit: 3, message: "no cap_bpf" },
    { check: "load", exit: 3, message: "cannot load" },
  );
  deepEqual(findings.map(({ what, cause }) => [what, cause]), [["capabilities", "no cap_bpf"]]);
});

Deno.test("judgeMachine() shows the end of what the verifier said", () => {
  const facts = {
    ...factsOf({ check: "load", exit: 9, message: "refused" }),
    words: "first\n".repeat(20) + "R1 invalid",
  };
  const cause = judgeMachine(facts).find(({ code }) => code === "load-refused")?.cause ?? "";
  match(cause, /^refused\n/);
  match(cause, /R1 invalid$/);
  equal(cause.split("\n").length, 9);
});

Deno.test("judgeMachine() warns of what the agent can live with", () => {
  const codes = (...lines: Record<string, unknown>[]) =>
    trouble(...lines).map(({ severity, code }) => `${severity} ${code}`);
  deepEqual(codes({ fact: "lockdown", mode: "confidentiality" }), ["fail lockdown-confidentiality"]);
  deepEqual(codes({ fact: "setting", name: "kernel.yama.ptrace_scope", value: 3 }), [
    "warn ptrace-forbidden",
  ]);
  deepEqual(codes({ fact: "setting", name: "net.core.bpf_jit_enable", value: 0 }), ["warn bpf-jit-off"]);
  const old = { fact: "features", uprobeMulti: false, sockhash: false, fionreadDefect: false };
  deepEqual(codes(old), ["warn few-open-files", "warn uprobe-multi-missing", "warn sockhash-unusable"]);
  deepEqual(codes({ fact: "features", uprobeMulti: true, sockhash: true, fionreadDefect: true }), [
    "warn sockhash-fionread-defect",
  ]);
  deepEqual(codes({ fact: "others", listed: false, error: "Operation not permitted" }), [
    "skip others-unknown",
  ]);
});

Deno.test("judgeMachine() names other tools, and leaves Tsunagi's own loader out", () => {
  const program = {
    fact: "socket-program",
    id: 7,
    type: "sk_msg",
    program: "msg",
    pid: 9,
    name: "beyla",
    inCgroup: false,
  };
  const holder = { fact: "uprobes", pid: 9, name: "beyla", links: 3, events: 0, example: "/srv/orders" };
  const beside = { ...program, type: "sock_ops", inCgroup: true };
  const findings = trouble(program, beside, { ...program, name: "tsunagi-go" }, holder, {
    ...holder,
    name: "tsunagi-go",
  });
  deepEqual(findings.map(({ code, severity }) => [code, severity]), [
    ["other-socket-program", "warn"],
    ["other-socket-program", "skip"],
    ["other-uprobes", "warn"],
  ]);
  match(findings[0]!.cause, /"msg" of beyla \(process 9\)/);
  match(findings[2]!.cause, /3 links or events of uprobes, one of them in \/srv\/orders/);
});

Deno.test("parseMachineFacts() refuses what the loader does not write", () => {
  for (const text of ["{", "7", "null"]) {
    throws(() => parseMachineFacts(text), /Cannot read what the loader says/);
  }
  deepEqual(parseMachineFacts('{"fact":"loader","pid":4}\n').loaders, [4]);
});
