import { deepEqual, equal } from "node:assert/strict";
import { found, ok } from "../../doctor/finding.ts";
import { Report } from "./report.ts";

const REASON = {
  code: "cgroup-v2-missing",
  message: "cannot find a cgroup v2 mount in /proc/self/mountinfo",
  remedy: "Mount cgroup v2 and make it visible to the agent",
};

function shown(columns: number, colour = false): string[] {
  const lines: string[] = [];
  const report = new Report({ colour, columns, print: (line) => lines.push(line) });
  report.add(ok("machine", "kernel", "Linux 6.12.1"));
  report.add(found("machine", "fail", "cgroup v2", REASON));
  report.add(found("targets", "warn", "process 7 /srv/a\x1b[2J", { ...REASON, message: "one two" }));
  report.close();
  return lines;
}

Deno.test("Report groups and aligns, with code and remedy below what is wrong", () => {
  deepEqual(shown(Infinity), [
    "Machine",
    "  ok    kernel                    Linux 6.12.1",
    "  FAIL  cgroup v2                 cannot find a cgroup v2 mount in /proc/self/mountinfo",
    "                                  cgroup-v2-missing",
    "                                  -> Mount cgroup v2 and make it visible to the agent",
    "",
    "Processes",
    "  warn  process 7 /srv/a\\u001b[2J",
    "                                  one two",
    "                                  cgroup-v2-missing",
    "                                  -> Mount cgroup v2 and make it visible to the agent",
    "",
    "1 failed, 1 warnings, 1 ok, 0 skipped",
  ]);
});

Deno.test("Report breaks lines at the width of the terminal", () => {
  const lines = shown(80);
  for (const line of lines) equal(line.length <= 80, true, line);
  equal(lines.includes("                                  /proc/self/mountinfo"), true, lines.join("\n"));
});

Deno.test("Report colours only where it is told to", () => {
  equal(shown(80).join("").includes("\x1b"), false);
  equal(shown(80, true).join("\n").includes("\x1b[31mFAIL\x1b[0m"), true);
});

Deno.test("Report shows what was left alone for the same reason together", () => {
  const lines: string[] = [];
  const report = new Report({ colour: false, columns: Infinity, print: (line) => lines.push(line) });
  const skip = (what: string, code: string) =>
    report.add(found("targets", "skip", what, { code, message: "why", remedy: "" }));
  skip("process 1 /a", "no-http");
  skip("process 2 /b", "no-http");
  skip("process 3 /c", "not-selected");
  report.close();
  deepEqual(lines, [
    "Processes",
    "  skip  process 1 /a              why",
    "                                  The same or the like: process 2 /b",
    "                                  no-http",
    "  skip  process 3 /c              why",
    "                                  not-selected",
    "",
    "0 failed, 0 warnings, 0 ok, 3 skipped",
  ]);
});
