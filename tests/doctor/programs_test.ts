/**
 * Faults of programs: each is named by the same code by the doctor without an agent, by /api/v1/targets, and by the
 * doctor that asks the agent.
 */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { diagnose, processFinding } from "./doctor.ts";
import { type FaultyProgram, faultyPrograms } from "./faulty_programs.ts";

/** Severities that stand for each outcome. */
function severityOf(code: string | null): string {
  return code === null ? "ok" : code === "already-instrumented" ? "skip" : "fail";
}

rootTest("doctor and /api/v1/targets name each fault of a program alike", async (t) => {
  using scratch = new ScratchDirectory();
  await using programs = new AsyncDisposableStack();
  const running = new Map<string, { readonly fault: FaultyProgram; readonly program: Program }>();
  for (const [name, fault] of Object.entries(await faultyPrograms(scratch))) {
    running.set(name, { fault, program: programs.use(await Program.start(fault.path)) });
  }

  const alone = await diagnose();
  await using agent = await Agent.start({ args: ["--print", "off"] });
  const withAgent = await diagnose([], { listen: new URL(agent.url).host });
  for (const [name, { fault: { code }, program: { pid } }] of running) {
    await t.step(name, async () => {
      const target = await agent.target(pid);
      assert.equal(target.reason?.code ?? null, code, target.reason?.message);
      assert.equal(target.state === "traced", code === null);
      for (const finding of [processFinding(alone, pid), processFinding(withAgent, pid)]) {
        assert.equal(finding.code, code ?? "ok", finding.cause);
        assert.equal(finding.severity, severityOf(code));
        if (target.reason) {
          assert.deepEqual([finding.cause, finding.remedy], [target.reason.message, target.reason.remedy]);
        }
      }
    });
  }
  assert.equal(alone.code, 1);
  assert.equal(withAgent.code, 1);
});

rootTest("doctor answers for the one process that a flag names", async () => {
  using scratch = new ScratchDirectory();
  const { "of Go 1.15": old, "sound": sound } = await faultyPrograms(scratch);
  await using faulty = await Program.start(old!.path);
  await using good = await Program.start(sound!.path);
  const byPid = await diagnose(["--pid", String(faulty.pid)]);
  assert.equal(processFinding(byPid, faulty.pid).code, "go-too-old");
  assert.equal(byPid.findings.some(({ what }) => what.startsWith(`process ${good.pid} `)), false);
  const byPort = await diagnose(["--port", String(good.port)]);
  assert.equal(processFinding(byPort, good.pid).code, "ok");
});
