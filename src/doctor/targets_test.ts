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

Deno.test("judgeProcesses() puts what is wrong first, and keeps the agent's reason", () => {
  const findings = judgeProcesses({
    targets: [target(1), without(2, "go-too-old")],
    running: true,
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

Deno.test("judgeProcesses() lets processes that are left alone for the same reason share a line", () => {
  const targets = [1, 2, 3].map((pid) => without(pid, "no-http")).concat(without(4, "no-http", "another"));
  const findings = judgeProcesses({ targets, running: false, asked: null });
  deepEqual(findings.map(({ severity, what, cause }) => [severity, what, cause]), [
    ["skip", "3 processes", "why (/srv/app: 1, 2, 3)"],
    ["skip", "process 4 /srv/app", "another"],
  ]);
});

Deno.test("judgeProcesses() has more to say of processes that somebody asks for, and nothing of others", () => {
  const targets = [without(1, "excluded-by-rule"), without(2, "no-http")];
  deepEqual(
    judgeProcesses({ targets, running: true, asked: new Set([1]) }).map((
      { severity, code },
    ) => [severity, code]),
    [["warn", "excluded-by-rule"]],
  );
});

Deno.test("judgeProcesses() says that there is nothing, and what is on its way", () => {
  equal(judgeProcesses({ targets: [], running: true, asked: null })[0]?.code, "no-go-process");
  const attaching = target(1, { state: "attaching" });
  equal(judgeProcesses({ targets: [attaching], running: true, asked: null })[0]?.code, "attaching");
});
