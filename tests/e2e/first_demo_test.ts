/** The question of examples/first-demo, answered by its own files: only ports and waiting times are others. */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { LoadGenerator } from "../support/load.ts";
import { Collector } from "../support/otlp_collector.ts";
import { Prometheus, prometheusProgram } from "../support/otlp_prometheus.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { TwoServices } from "./two_services.ts";

const DEMO = `${ROOT}/examples/first-demo`;
const SLEEP_SCALE = 0.1;
const COUNT = "http_server_request_duration_seconds_count";

/** A file of the demo in which each of `places` stands where the demo has something else. */
function fileWith(name: string, places: Readonly<Record<string, string>>): string {
  let text = Deno.readTextFileSync(`${DEMO}/${name}`);
  for (const [before, after] of Object.entries(places)) {
    assert.ok(text.includes(before), `${name} does not say ${before}`);
    text = text.replaceAll(before, after);
  }
  return text;
}

/** The queries that the README asks Prometheus. */
function queries(): string[] {
  const readme = Deno.readTextFileSync(`${DEMO}/README.md`);
  return [...readme.matchAll(/```promql\n(.*?)```/gs)].map(([, query = ""]) => query);
}

async function succeeds(command: string, ...args: string[]): Promise<void> {
  const { success, stderr, stdout } = await new Deno.Command(command, { args, cwd: ROOT }).output();
  assert.ok(success, new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout));
}

Deno.test("check-config and promtool find nothing wrong with the files of the first demo", async () => {
  await succeeds("deno", "task", "check-config", `${DEMO}/kubernetes.yaml`);
  await succeeds("deno", "task", "check-config", `${DEMO}/machine.yaml`);
  await succeeds(prometheusProgram("promtool"), "check", "config", `${DEMO}/prometheus.yml`);
});

rootTest("the first demo: Prometheus tells which service is slow, and leads to a joined trace", async () => {
  using scratch = new ScratchDirectory();
  await using collector = await Collector.start({
    config: ({ otlp, prometheus, health, directory }) =>
      fileWith("collector.yaml", {
        "127.0.0.1:4318": otlp,
        "127.0.0.1:8889": prometheus,
        "127.0.0.1:13133": health,
        "/tmp/first-demo-traces.jsonl": `${directory}/traces.jsonl`,
        "timeout: 1s": "timeout: 100ms",
        "flush_interval: 1s": "flush_interval: 100ms",
      }),
  });
  await using prometheus = await Prometheus.start({
    targets: [{ job: "collector", address: collector.places.prometheus }],
  });
  await using services = await TwoServices.start({ sleepScale: SLEEP_SCALE });
  const config = `${scratch.path}/machine.yaml`;
  Deno.writeTextFileSync(
    config,
    fileWith("machine.yaml", {
      "http://127.0.0.1:4318": collector.url,
      "open_ports: 8080": `open_ports: ${services.ports.front}`,
      "open_ports: 8081": `open_ports: ${services.ports.back}`,
      "interval: 5s": "interval: 500ms",
    }),
  );
  await using agent = await Agent.start({ args: ["--config", config, "--print", "off"] });
  await services.traced(agent);

  using load = new LoadGenerator(services.url, 10);
  const send = async (count: number, inAll: number) => {
    await load.sendAll(Array.from({ length: count }, () => ({ path: "/" })));
    await eventually(async () => {
      for (const job of ["front", "back"]) {
        const counts = await prometheus.query(`sum(${COUNT}{job="${job}"})`);
        assert.deepEqual(counts.map(({ value }) => value), [inAll], job);
      }
    }, { everyMs: 250 });
  };
  // What Prometheus has never seen at another value has no rate.
  await send(10, 10);
  await send(90, 100);

  const [mean = "", median = "", own = ""] = queries();
  const byJob = async (query: string) =>
    Object.fromEntries((await prometheus.query(query)).map(({ labels, value }) => [labels["job"], value]));
  for (const query of [mean, median]) {
    const { front = 0, back = 0 } = await byJob(query);
    assert.ok(back > 0 && front > back, `${query}: front ${front}, back ${back}`);
  }
  const { front = 0, back = 0 } = await byJob(mean);
  const [ownShare] = await prometheus.query(own);
  assert.ok(ownShare && ownShare.value >= SLEEP_SCALE, `${ownShare?.value} s are its own`);
  assert.ok(ownShare.value < front - back + 0.01, `${ownShare.value} of ${front} s, back ${back} s`);

  const exemplars = await prometheus.exemplars('http_server_request_duration_seconds_bucket{job="front"}');
  const slowest = exemplars.toSorted((a, b) => b.value - a.value)[0];
  assert.ok(slowest, "there is no exemplar");
  const trace = await eventually(() => {
    const spans = collector.spans().filter(({ traceId }) => traceId === slowest.labels["trace_id"]);
    assert.equal(spans.length, 3, `${spans.length} spans of ${slowest.labels["trace_id"]}`);
    return spans;
  });
  const root = trace.find(({ spanId }) => spanId === slowest.labels["span_id"]);
  const call = trace.find(({ parentId }) => parentId === root?.spanId);
  const served = trace.find(({ parentId }) => parentId === call?.spanId);
  assert.deepEqual([root, call, served].map((span) => `${span?.resource["service.name"]} ${span?.kind}`), [
    "front SERVER",
    "front CLIENT",
    "back SERVER",
  ]);
  await agent.stop();
});
