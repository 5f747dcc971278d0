/** The service stands still for a while, as in a long collection: the loader keeps what comes, and nothing is lost. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { buildUnpleasant } from "./bench.ts";

/** Three spans each: more than ring buffer and pipe have room for, and less than the loader has. */
const REQUESTS = 5_000;
const MIB = 1_024;

async function anonymousKib(pid: number): Promise<number> {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]);
}

rootTest(
  "no span is lost while the service stands still, and the memory that this takes is given back",
  async () => {
    const exe = await buildUnpleasant();
    await using stack = new AsyncDisposableStack();
    const back = stack.use(await Program.start(exe, { args: ["back"] }));
    const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
    const agent = stack.use(await Agent.start({ args: ["--exe", exe, "--print", "off"] }));
    await agent.traced(back.pid, front.pid);
    const { loader } = await agent.get<{ loader: { pid: number } }>("/api/v1/status");
    const before = await anonymousKib(loader.pid);

    using load = new LoadGenerator(front.url, 8);
    Deno.kill(agent.pid, "SIGSTOP");
    try {
      await load.sendAll(Array.from({ length: REQUESTS }, () => ({ path: "/call" })));
      assert.ok(
        await anonymousKib(loader.pid) > before + MIB,
        "the loader keeps what the pipe does not take",
      );
    } finally {
      Deno.kill(agent.pid, "SIGCONT");
    }
    const { begun, exported, lost } = await agent.atRest(3 * REQUESTS);
    assert.deepEqual([begun, exported, lost], [3 * REQUESTS, 3 * REQUESTS, {}]);
    await eventually(async () => assert.ok(await anonymousKib(loader.pid) < before + 2 * MIB));
  },
);
