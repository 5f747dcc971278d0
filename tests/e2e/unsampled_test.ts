/** Requests that the sampler leaves out: all of them are measured, none is exported, and the accounts say so. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { buildUnpleasant, type Echo } from "./bench.ts";

const REQUESTS = 200;

/** Sum of a histogram's counts, over all of its series. */
async function countOf(agent: Agent, metric: string): Promise<number> {
  const text = await (await fetch(`${agent.url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${metric}_count{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

rootTest("under always_off every request is measured, and no span is exported", async () => {
  const exe = await buildUnpleasant();
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(new OtlpSink());
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  const agent = stack.use(
    await Agent.start({
      args: ["--exe", exe, "--otlp", sink.url, "--print", "off"],
      env: { OTEL_TRACES_SAMPLER: "always_off" },
    }),
  );
  await agent.traced(back.pid, front.pid);
  using load = new LoadGenerator(front.url, 4);
  const results = await load.sendAll<Echo>(Array.from({ length: REQUESTS }, () => ({ path: "/call" })));
  for (const { body } of results) assert.match(body?.traceparent?.join() ?? "", /^00-\w{32}-\w{16}-00$/);
  const { begun, exported, sampledOut } = await agent.atRest(3 * REQUESTS);
  assert.deepEqual({ begun, exported, sampledOut }, {
    begun: 3 * REQUESTS,
    exported: 0,
    sampledOut: 3 * REQUESTS,
  });
  assert.deepEqual(sink.take(), []);
  assert.equal(await countOf(agent, "http_server_request_duration_seconds"), 2 * REQUESTS);
  assert.equal(await countOf(agent, "http_client_request_duration_seconds"), REQUESTS);
});
