/** What the agent says of its own work, against what was done: spans of each process, ring drops of each CPU, attach times. */
import assert from "node:assert/strict";
import { Agent, type Status } from "../support/agent.ts";
import { LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { Scrape } from "../support/prometheus_text.ts";
import { rootTest } from "../support/root.ts";
import { buildUnpleasant } from "./bench.ts";

/** Three spans each; more than the ring buffer has room for. */
const REQUESTS = 2_000;

interface Figures {
  readonly pid: number;
  readonly state: string;
  readonly serviceName: string;
  readonly attachTime: { readonly analysisMs: number; readonly attachMs: number } | null;
  readonly spans: number;
  readonly firstSpanMs: number | null;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Of the processes that are traced, whatever else runs on this machine. */
async function figuresOf(agent: Agent): Promise<readonly Figures[]> {
  const { targets } = await agent.get<{ targets: readonly Figures[] }>("/api/v1/targets");
  return targets.filter(({ state }) => state === "traced");
}

rootTest("the agent tells the spans of each process and of each CPU whose ring was full", async () => {
  const exe = await buildUnpleasant();
  await using stack = new AsyncDisposableStack();
  const back = stack.use(await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } }));
  const front = stack.use(
    await Program.start(exe, { args: ["front", back.url], env: { OTEL_SERVICE_NAME: "front" } }),
  );
  const agent = stack.use(await Agent.start({ args: ["--exe", exe, "--print", "off"] }));
  await agent.traced(back.pid, front.pid);
  for (const { attachTime, spans, firstSpanMs } of await figuresOf(agent)) {
    assert.ok(attachTime !== null && attachTime.attachMs > 0, "attaching takes time");
    assert.deepEqual([spans, firstSpanMs], [0, null]);
  }

  const { loader } = await agent.get<{ loader: { pid: number } }>("/api/v1/status");
  const cpus = (await agent.get<{ kernel: { cpus: number } }>("/api/v1/status")).kernel.cpus;
  using load = new LoadGenerator(front.url, 8);
  Deno.kill(loader.pid, "SIGSTOP");
  try {
    await load.sendAll(Array.from({ length: REQUESTS }, () => ({ path: "/call" })));
  } finally {
    Deno.kill(loader.pid, "SIGCONT");
  }
  const { lost, exported } = await agent.atRest(3 * REQUESTS);
  assert.ok((lost["ring_full"] ?? 0) > 0, "the ring was full");

  const { ringDrops } = await agent.get<Status & { ringDrops: Record<string, number> }>("/api/v1/status");
  assert.equal(sum(Object.values(ringDrops)), lost["ring_full"]);
  for (const cpu of Object.keys(ringDrops)) assert.ok(Number(cpu) < cpus, `CPU ${cpu} of ${cpus}`);

  const figures = await figuresOf(agent);
  assert.equal(sum(figures.map(({ spans }) => spans)), exported);
  for (const { spans, firstSpanMs, serviceName } of figures) {
    assert.ok(spans > 0 && firstSpanMs !== null, serviceName);
  }

  const scrape = await Scrape.of(agent.url);
  const bySeries = scrape.select("tsunagi_target_spans_total").map(({ labels, value }) => [labels, value]);
  assert.deepEqual(
    bySeries.toSorted(),
    figures.map(({ pid, serviceName, spans }) => [{ service: serviceName, pid: String(pid) }, spans])
      .toSorted(),
  );
  assert.equal(
    sum(scrape.select("tsunagi_ring_drops_total").map(({ value }) => value)),
    lost["ring_full"],
  );
  for (const phase of ["analysis", "attach"]) {
    const [count] = scrape.select("tsunagi_attach_duration_seconds_count", { phase });
    assert.equal(count?.value, 2, phase);
  }
  await assertStyle(agent, scrape);
});

/** Labels whose values are names of others. */
const FREE_LABELS = ["version", "service", "metric", "le"];
const SNAKE_CASE = /^[a-z0-9]+(_[a-z0-9]+)*$/;

/** Reasons, outcomes and events are written in one way, in the status and in the metrics. */
async function assertStyle(agent: Agent, scrape: Scrape): Promise<void> {
  const own = scrape.samples.filter(({ name }) => name.startsWith("tsunagi_"));
  for (const { name, labels } of own) {
    for (const [label, value] of Object.entries(labels)) {
      if (!FREE_LABELS.includes(label)) assert.match(value, SNAKE_CASE, name);
    }
  }
  const { accounting: { lost }, propagation, probes, decoder, red } = await agent.get<Status>(
    "/api/v1/status",
  );
  for (const counters of [lost, propagation, probes, decoder, red]) {
    const names = Object.keys(counters as object);
    assert.ok(names.length > 0);
    for (const name of names) assert.match(name, SNAKE_CASE);
  }
}
