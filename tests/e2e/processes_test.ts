/** Processes that come, go, multiply and change on disk, and connections that are older than the agent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Agent } from "../support/agent.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { freshContext, LoadGenerator, type SentContext } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { packedElf } from "../support/packed_elf.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { assertReceived, buildUnpleasant, chainOf, type Echo } from "./bench.ts";

/** An agent for the programs in a directory, with a sink. */
async function startAgent(
  directory: string,
  stack: AsyncDisposableStack,
): Promise<{ agent: Agent; sink: OtlpSink }> {
  const sink = stack.use(new OtlpSink());
  const args = ["--otlp", sink.url, "--exe", join(directory, "*"), "--print", "off"];
  return { agent: stack.use(await Agent.start({ args })), sink };
}

/** Sends one request to /call and expects a joined trace of it. */
async function expectTrace(agent: Agent, sink: OtlpSink, frontUrl: string): Promise<void> {
  using load = new LoadGenerator(frontUrl, 1);
  const context = freshContext();
  const { begun } = await agent.accounting();
  const { body } = await load.send<Echo>({ path: "/call", context });
  await agent.atRest(begun + 3);
  const { client } = chainOf(sink.take().filter((span) => span.traceId === context.traceId));
  assertReceived(body, client);
}

rootTest("processes that ran before the agent are traced, on connections older than it too", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  using load = new LoadGenerator(front.url, 1);
  const { body: early } = await load.send<Echo>({ path: "/call" });
  assert.equal(early?.traceparent, null, "somebody else traces this process");

  const { agent, sink } = await startAgent(scratch.path, stack);
  await agent.traced(back.pid, front.pid);
  const context = freshContext();
  const { body } = await load.send<Echo>({ path: "/call", context });
  assert.equal(body?.connection, early?.connection, "the connection is the one from before the agent");
  await agent.atRest(3);
  assertReceived(body, chainOf(sink.take()).client);
});

rootTest("a process that starts later is traced from some request on, and every one after it", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const { agent, sink } = await startAgent(scratch.path, stack);
  const program = stack.use(await Program.start(exe, { args: ["back"] }));
  using load = new LoadGenerator(program.url, 1);
  const contexts: SentContext[] = [];
  const send = async () => {
    const context = freshContext();
    contexts.push(context);
    await load.send({ path: "/echo", context });
  };
  await eventually(async () => {
    await send();
    assert.ok((await agent.accounting()).begun > 0, "no request is traced");
  }, { everyMs: 5 });
  for (let n = 0; n < 100; n++) await send();
  await agent.atRest(101);
  const traced = sink.take().map(({ traceId }) => traceId);
  assert.deepEqual(traced.toSorted(), contexts.slice(-traced.length).map(({ traceId }) => traceId).sort());
});

rootTest("a process that is restarted is traced again under its new pid", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const { agent, sink } = await startAgent(scratch.path, stack);
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  let lastPid = 0;
  for (let round = 0; round < 3; round++) {
    await using front = await Program.start(exe, { args: ["front", back.url] });
    await agent.traced(back.pid, front.pid);
    await expectTrace(agent, sink, front.url);
    lastPid = front.pid;
  }
  await eventually(async () => {
    const pids = (await agent.targets()).map((target) => target.pid);
    assert.ok(!pids.includes(lastPid), "a process that has ended is still listed");
  });
});

rootTest("three processes of one binary are three targets, and each call is joined", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const { agent, sink } = await startAgent(scratch.path, stack);
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const fronts = [];
  for (let n = 0; n < 2; n++) {
    fronts.push(
      stack.use(
        await Program.start(exe, { args: ["front", back.url], env: { OTEL_SERVICE_NAME: `front-${n}` } }),
      ),
    );
  }
  await agent.traced(back.pid, ...fronts.map((front) => front.pid));
  const names = new Map((await agent.targets()).map((target) => [target.pid, target.serviceName]));
  for (const [n, front] of fronts.entries()) {
    assert.equal(names.get(front.pid), `front-${n}`);
    await expectTrace(agent, sink, front.url);
  }
});

rootTest("a binary that is replaced on disk while it runs is traced all the same", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  const other = scratch.copy(await buildUnpleasant("1.21.13"), "next");
  Deno.renameSync(other, exe);
  const replaced = stack.use(await Program.start(exe, { args: ["front", back.url] }));

  const { agent, sink } = await startAgent(scratch.path, stack);
  await agent.traced(back.pid, front.pid, replaced.pid);
  await expectTrace(agent, sink, front.url);
  await expectTrace(agent, sink, replaced.url);
  const versions = new Map((await agent.targets()).map((target) => [target.pid, target.goVersion]));
  assert.deepEqual([versions.get(front.pid), versions.get(replaced.pid)], ["go1.26.11", "go1.21.13"]);
});

rootTest("an executable packed with UPX is refused, and the reason says so", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = join(scratch.path, "packed");
  Deno.writeFileSync(exe, packedElf(), { mode: 0o755 });
  const packed = new Deno.Command(exe).spawn();
  stack.defer(async () => {
    packed.kill("SIGKILL");
    await packed.status;
  });
  const { agent } = await startAgent(scratch.path, stack);
  const { state, reason } = await agent.target(packed.pid);
  assert.equal(state, "refused");
  assert.match(`${reason?.message} ${reason?.remedy}`, /UPX/);
});

rootTest("a process that no flag chooses is listed as excluded, and not traced", async () => {
  using scratch = new ScratchDirectory();
  using elsewhere = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = elsewhere.copy(await buildUnpleasant(), "service");
  const { agent } = await startAgent(scratch.path, stack);
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const { state, reason } = await agent.target(back.pid);
  assert.equal(state, "excluded");
  assert.ok(reason);
  using load = new LoadGenerator(back.url, 1);
  await load.send({ path: "/echo" });
  await sleep(300);
  assert.equal((await agent.accounting()).begun, 0);
});

rootTest("the agent chooses processes by --port and by --pid", async () => {
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const programs = [];
  for (let n = 0; n < 3; n++) programs.push(stack.use(await Program.start(exe, { args: ["back"] })));
  const [byPort, byPid, neither] = programs;
  assert.ok(byPort && byPid && neither);
  const agent = stack.use(
    await Agent.start({
      args: ["--port", String(byPort.port), "--pid", String(byPid.pid), "--print", "off"],
    }),
  );
  await agent.traced(byPort.pid, byPid.pid);
  assert.equal((await agent.target(neither.pid)).state, "excluded");
});
