import { deepEqual, equal } from "node:assert/strict";
import { type JudgedTarget, judgeProcesses } from "./targets.ts";

function target(pid: number, parts: Partial<JudgedTarget> = {}): JudgedTarget {
  return {
    pid,
    exe: "/srv/app",
    state: "traced",
    reason: null,
    goVersion: "go1.26.11",
    decoder: "go1.26",
    decoderCheck: "dwarf",
    ...parts,
  };
}

function without(pid: number, code: string, message = "why"): JudgedTarget {
  return target(pid, {
    state: "refused",
    reason: { code, message, remedy: "do" },
    decoder: null,
    decoderCheck: null,
  });
}

function excluded(pid: number, code: string, message = "why"): JudgedTarget {
  return { ...without(pid, code, message), state: "excluded" };
}

Deno.test("judgeProcesses() puts what is wrong first, and keeps the agent's reason", () => {
  const findings = judgeProcesses({
    targets: [target(1), without(2, "go-too-old")],
    running: true,
    unmatchedRules: [],
    asked: null,
  });
  deepEqual(findings, [
    {
      group: "targets",
      severity: "fail",
      code: "go-too-old",
      what: "process 2 /srv/app",
      cause: "why",
      remedy: "do",
    },
    {
      group: "targets",
      severity: "ok",
      code: "ok",
      what: "process 1 /srv/app",
      cause: "traced: go1.26.11, decoder go1.26, whose offsets its debug information has",
      remedy: "",
    },
  ]);
});

Deno.test("judgeProcesses() lets processes that are left alone for the same reason follow each other", () => {
  const targets = [without(1, "no-http"), excluded(2, "excluded-by-rule"), without(3, "no-http")];
  const findings = judgeProcesses({ targets, running: false, unmatchedRules: [], asked: null });
  deepEqual(findings.map(({ severity, what }) => [severity, what]), [
    ["skip", "process 2 /srv/app"],
    ["skip", "process 1 /srv/app"],
    ["skip", "process 3 /srv/app"],
  ]);
});

Deno.test("judgeProcesses() minds a port only when nobody listens there", () => {
  const severities = (targets: readonly JudgedTarget[]) =>
    judgeProcesses({ targets, running: true, unmatchedRules: [], asked: null }).map(({ severity }) =>
      severity
    );
  deepEqual(severities([excluded(1, "port-not-open"), target(2)]), ["ok", "skip"]);
  deepEqual(severities([excluded(1, "port-not-open"), excluded(2, "excluded-by-rule")]), ["warn", "skip"]);
});

Deno.test("judgeProcesses() takes a rule that matches nothing for a fault when nothing else is selected", () => {
  const rule = { origin: "--port 1", code: "rule-matches-nothing", message: "why", remedy: "do" };
  const first = (targets: readonly JudgedTarget[]) =>
    judgeProcesses({ targets, running: true, unmatchedRules: [rule], asked: null })[0];
  deepEqual(
    [first([]), first([excluded(1, "not-selected")]), first([target(1)])].map((finding) => finding?.severity),
    ["fail", "fail", "warn"],
  );
  deepEqual([first([])?.code, first([])?.what], ["rule-matches-nothing", "--port 1"]);
});

Deno.test("judgeProcesses() has more to say of processes that somebody asks for, and nothing of others", () => {
  const targets = [without(1, "excluded-by-rule"), without(2, "no-http")];
  deepEqual(
    judgeProcesses({ targets, running: true, unmatchedRules: [], asked: new Set([1]) }).map((
      { severity, code },
    ) => [severity, code]),
    [["warn", "excluded-by-rule"]],
  );
});

Deno.test("judgeProcesses() says that there is nothing, and what is on its way", () => {
  equal(
    judgeProcesses({ targets: [], running: true, unmatchedRules: [], asked: null })[0]?.code,
    "no-go-process",
  );
  const attaching = target(1, { state: "attaching" });
  equal(
    judgeProcesses({ targets: [attaching], running: true, unmatchedRules: [], asked: null })[0]?.code,
    "attaching",
  );
});
