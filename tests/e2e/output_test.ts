/** What the agent shows without a collector: spans on stdout, and recent traces in the status API. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { buildUnpleasant } from "./bench.ts";

interface PrintedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
}

interface ShownTrace {
  readonly traceId: string;
  readonly spans: readonly (PrintedSpan & { readonly serviceName: string })[];
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

rootTest(
  "without a collector spans are printed as JSON lines, kept as traces and counted as exported",
  async () => {
    const exe = await buildUnpleasant();
    await using agent = await Agent.start({ args: ["--exe", exe, "--print", "json"] });
    await using back = await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } });
    await using front = await Program.start(exe, {
      args: ["front", back.url],
      env: { OTEL_SERVICE_NAME: "front" },
    });
    await agent.traced(back.pid, front.pid);
    using load = new LoadGenerator(front.url, 1);
    const context = freshContext();
    await load.send({ path: "/call", context });
    assert.equal((await agent.atRest(3)).exported, 3);

    const printed = await eventually(() => {
      const spans: PrintedSpan[] = agent.stdout.map((line) => JSON.parse(line));
      assert.equal(spans.length, 3);
      return spans;
    });
    assert.ok(printed.every(({ traceId }) => traceId === context.traceId));
    assert.deepEqual(printed.map(({ kind }) => kind).sort(), [2, 2, 3]);
    assert.match(printed[0]?.startTimeUnixNano ?? "", /^\d{19}$/);

    const { traces } = await agent.get<{ traces: readonly { traceId: string; spans: number }[] }>(
      "/api/v1/traces?service=back&limit=5",
    );
    assert.deepEqual(traces.map(({ traceId, spans }) => [traceId, spans]), [[context.traceId, 3]]);
    const none = await agent.get<{ traces: readonly unknown[] }>("/api/v1/traces?service=nobody");
    assert.deepEqual(none.traces, []);
    const trace = await agent.get<ShownTrace>(`/api/v1/traces/${context.traceId}`);
    assert.deepEqual(trace.spans.map(({ serviceName }) => serviceName), ["front", "front", "back"]);
    assert.equal(await statusOf(`${agent.url}/api/v1/traces/${"0".repeat(31)}1`), 404);
    assert.equal(await statusOf(`${agent.url}/healthz`), 200);
    await agent.stop();
  },
);

rootTest("each target tells its decoder, and its sites with their price", async () => {
  const exe = await buildUnpleasant();
  await using agent = await Agent.start({ args: ["--exe", exe, "--print", "off"] });
  await using back = await Program.start(exe, { args: ["back"] });
  const { decoder, goVersion, sites, exe: path, serviceName } = await agent.target(back.pid);
  assert.deepEqual({ goVersion, path }, { goVersion: "go1.26.11", path: exe });
  assert.equal(serviceName, exe.split("/").at(-1));
  assert.match(decoder ?? "", /go1\.26/);
  assert.ok(sites.length >= 5, `${sites.length} sites`);
  for (const site of sites) assert.match((site as { price: string }).price, /^(optimised|emulated|stepped)$/);
});
