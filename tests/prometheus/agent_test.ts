/** A real Prometheus that scrapes the agent holds exactly the requests that were sent, with exemplars of their traces. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { Prometheus } from "../support/otlp_prometheus.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { buildUnpleasant } from "../e2e/bench.ts";

const ROUNDS = 3;
const REQUESTS = 101;

rootTest(
  "Prometheus holds every request that the agent has seen, while they come and in the end",
  async () => {
    using scratch = new ScratchDirectory();
    const exe = scratch.copy(await buildUnpleasant(), "service");
    await using agent = await Agent.start({ args: ["--exe", exe, "--print", "off"] });
    await using prometheus = await Prometheus.start({
      targets: [{ job: "tsunagi", address: new URL(agent.url).host }],
    });
    await using back = await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } });
    await using front = await Program.start(exe, {
      args: ["front", back.url],
      env: { OTEL_SERVICE_NAME: "front" },
    });
    await agent.traced(back.pid, front.pid);
    await prometheus.scraped();
    using load = new LoadGenerator(front.url, 10);
    const traceIds = new Set<string>();
    for (let round = 1; round <= ROUNDS; round++) {
      const contexts = Array.from({ length: REQUESTS }, () => freshContext("01", ""));
      contexts.forEach(({ traceId }) => traceIds.add(traceId));
      await load.sendAll(contexts.map((context) => ({ path: "/call", context })));
      await agent.atRest(3 * round * REQUESTS);
      await eventually(() => assertCounts(prometheus, round * REQUESTS), { everyMs: 200 });
    }
    const exemplars = await prometheus.exemplars("http_server_request_duration_seconds_bucket");
    assert.ok(exemplars.length > 0);
    for (const { labels } of exemplars) {
      assert.ok(
        traceIds.has(labels["trace_id"] ?? ""),
        JSON.stringify(labels),
      );
    }
    assert.deepEqual(await prometheus.badScrapes(), []);
    await agent.stop();
  },
);

async function assertCounts(prometheus: Prometheus, requests: number): Promise<void> {
  const by = async (query: string, label: string) =>
    Object.fromEntries((await prometheus.query(query)).map(({ labels, value }) => [labels[label], value]));
  for (const suffix of ["count", `bucket{le="+Inf"}`]) {
    assert.deepEqual(
      await by(`sum by (service_name) (http_server_request_duration_seconds_${suffix})`, "service_name"),
      { front: requests, back: requests },
    );
    assert.deepEqual(
      await by(`sum by (service_name) (http_client_request_duration_seconds_${suffix})`, "service_name"),
      { front: requests },
    );
  }
  assert.deepEqual(
    await by(`sum by (server) (traces_service_graph_request_total{client="front"})`, "server"),
    { back: requests },
  );
}
