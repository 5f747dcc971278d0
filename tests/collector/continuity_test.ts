/** What a Collector and /metrics hold goes on when the loader is killed and when a process of a service is replaced. */
import assert from "node:assert/strict";
import { buildUnpleasant } from "../e2e/bench.ts";
import { Agent, type Status } from "../support/agent.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { LoadGenerator } from "../support/load.ts";
import { Collector } from "../support/otlp_collector.ts";
import { Program } from "../support/program.ts";
import { Scrape } from "../support/prometheus_text.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";

const REQUESTS = 20;
const GRAPH = "traces_service_graph_request_total";
const EDGE = { client: "front", server: "back" };

async function killLoader(agent: Agent): Promise<void> {
  const { loader } = await agent.get<Status & { readonly loader: { readonly pid: number } }>(
    "/api/v1/status",
  );
  Deno.kill(loader.pid, "SIGKILL");
  await eventually(async () => {
    const status = await agent.get<
      { readonly loader: { readonly state: string; readonly restarts: number } }
    >(
      "/api/v1/status",
    );
    assert.deepEqual([status.loader.state, status.loader.restarts], ["running", 1]);
  });
}

/** What the Collector holds of the graph's edge: the sum of deltas, or the newest total. */
function exportedOf(collector: Collector): number {
  const all = collector.series().filter(({ metric, attributes }) =>
    metric.name === GRAPH && attributes["client"] === EDGE.client && attributes["server"] === EDGE.server
  );
  assert.equal(all.length, 1, "one series");
  const [{ metric, points }] = all as [typeof all[number]];
  const isDelta = metric.sum!.aggregationTemporality === 1;
  points.forEach(({ startTimeUnixNano: start, timeUnixNano: time }, i) => {
    const before = points[i - 1];
    assert.ok(BigInt(start) <= BigInt(time), `it begins at ${start}, after ${time}`);
    if (isDelta) assert.ok(!before || BigInt(before.timeUnixNano) <= BigInt(start), "intervals overlap");
    else assert.ok(!before || before.startTimeUnixNano === start, "its beginning moves");
  });
  const counts = points.map(({ asInt }) => Number(asInt));
  return isDelta ? counts.reduce((sum, count) => sum + count, 0) : counts.at(-1)!;
}

for (const temporality of ["delta", "cumulative"]) {
  rootTest(
    `no ${temporality} count goes back or doubles when loader and processes are replaced`,
    async () => {
      using scratch = new ScratchDirectory();
      const exe = scratch.copy(await buildUnpleasant(), "service");
      const config = `${scratch.path}/agent.yaml`;
      const setTtl = (ttl: string) => {
        Deno.writeTextFileSync(`${config}.new`, JSON.stringify({ metrics: { ttl } }));
        Deno.renameSync(`${config}.new`, config);
      };
      // More than a loader takes to be started again.
      setTtl("1h");
      await using collector = await Collector.start();
      await using agent = await Agent.start({
        args: ["--config", config, "--exe", exe, "--print", "off"],
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
          OTEL_METRIC_EXPORT_INTERVAL: "200",
        },
      });
      await using back = await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } });
      const startFront = () =>
        Program.start(exe, { args: ["front", back.url], env: { OTEL_SERVICE_NAME: "front" } });
      let sent = 0;
      const send = async (front: Program) => {
        await agent.traced(back.pid, front.pid);
        using load = new LoadGenerator(front.url, 4);
        await load.sendAll(Array.from({ length: REQUESTS }, () => ({ path: "/call" })));
        sent += REQUESTS;
        await agent.atRest(3 * sent);
        await eventually(() => assert.equal(exportedOf(collector), sent));
        assert.equal((await Scrape.of(agent.url)).sum(GRAPH, EDGE), sent);
      };
      const first = await startFront();
      await send(first);
      await killLoader(agent);
      await send(first);
      await using second = await startFront();
      await send(second);
      await first[Symbol.asyncDispose]();
      setTtl("1s");
      await eventually(async () => {
        const instances = (await Scrape.of(agent.url)).select("target_info", { job: "front" });
        assert.equal(instances.length, 1, "the first process is past its ttl");
      });
      await sleep(500);
      assert.equal((await Scrape.of(agent.url)).sum(GRAPH, EDGE), sent);
      assert.equal(exportedOf(collector), sent);
      await send(second);
      await agent.stop();
    },
  );
}
