/** Another tool holds the connections of a program, here a second agent: whoever comes too late says so. */
import assert from "node:assert/strict";
import { Agent, type Status } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { buildUnpleasant } from "./bench.ts";

rootTest("of two agents on one program, the one whose calls carry no header says why", async () => {
  const exe = await buildUnpleasant();
  await using stack = new AsyncDisposableStack();
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  const agents = [0, 1].map(() => Agent.start({ args: ["--pid", `${front.pid}`, "--print", "off"] }));
  const [one, other] = (await Promise.all(agents)).map((agent) => stack.use(agent));
  await Promise.all([one!.traced(front.pid), other!.traced(front.pid)]);
  await eventually(async () => {
    await (await fetch(`${front.url}/call`)).text();
    const codes = await Promise.all([one!, other!].map(async (agent) => {
      const { propagationReason } = await agent.get<Status & { propagationReason: { code: string } | null }>(
        "/api/v1/status",
      );
      return propagationReason?.code ?? null;
    }));
    assert.deepEqual(new Set(codes), new Set([null, "connections-untracked"]));
  });
});
