/** Faults of the selection: the doctor and /api/v1/targets say alike which rule keeps a process out, and why. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Agent, freePort } from "../support/agent.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { diagnose, type Diagnosis, findingOf, processFinding } from "./doctor.ts";

const MODULE = new URL("program", import.meta.url).pathname;

/** Asks the doctor without an agent, an agent, and the doctor that asks the agent. */
async function threeAnswers(flags: readonly string[]): Promise<{
  readonly alone: Diagnosis;
  readonly agent: Agent;
  readonly asked: Diagnosis;
}> {
  const alone = await diagnose(flags);
  const agent = await Agent.start({ args: ["--print", "off", ...flags] });
  return { alone, agent, asked: await diagnose(flags, { listen: new URL(agent.url).host }) };
}

async function expectCode(pid: number, code: string, words: RegExp, flags: readonly string[]): Promise<void> {
  const { alone, agent, asked } = await threeAnswers(flags);
  await using running = agent;
  const { reason } = await running.target(pid);
  assert.equal(reason?.code, code, reason?.message);
  assert.match(reason.message, words);
  for (const diagnosis of [alone, asked]) {
    const finding = processFinding(diagnosis, pid);
    assert.deepEqual([finding.code, finding.cause, finding.remedy], [code, reason.message, reason.remedy]);
  }
}

rootTest("doctor and /api/v1/targets name the rule that excludes a process", async () => {
  using scratch = new ScratchDirectory();
  const exe = await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN });
  await using server = await Program.start(scratch.copy(exe, "left-out"));
  const file = join(scratch.path, "agent.yaml");
  const rules = { exclude_instrument: [{ exe_path: "*/left-out" }] };
  Deno.writeTextFileSync(file, JSON.stringify({ discovery: rules }));
  await expectCode(server.pid, "excluded-by-rule", /^discovery\.exclude_instrument\[0\] excludes it: /, [
    "--config",
    file,
  ]);
});

rootTest("doctor and /api/v1/targets name a port on which the process does not listen", async () => {
  await using server = await Program.start(await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN }));
  const port = freePort();
  const words = new RegExp(`--port ${port} asks for port ${port}, the process listens on ${server.port}`);
  await expectCode(server.pid, "port-not-open", words, ["--port", String(port)]);
});

rootTest("doctor and /api/v1/targets name a program that is not Go though a rule means it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // This very process: by its id, and by a port that it has.
  const words = new RegExp(`^${Deno.execPath()} is not a Go program`);
  for (const flags of [["--pid", String(Deno.pid)], ["--port", String(listener.addr.port)]]) {
    await expectCode(Deno.pid, "not-go", words, flags);
  }
});

rootTest("doctor names a rule that matches nothing", async () => {
  await using server = await Program.start(await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN }));
  const flags = ["--exe", "/no/such/program"];
  const { alone, agent, asked } = await threeAnswers(flags);
  await using _running = agent;
  for (const diagnosis of [alone, asked]) {
    const finding = findingOf(diagnosis, "rule-matches-nothing");
    assert.deepEqual([finding.severity, finding.what], ["fail", "--exe /no/such/program"]);
    assert.equal(diagnosis.findings.some(({ what }) => what.startsWith(`process ${server.pid} `)), false);
  }
});
