/** The agent's own ends: asked to, killed, or with nobody to send to. What it traces must not notice. */
import assert from "node:assert/strict";
import { type Accounting, Agent, freePort, lostInAll, ROOT, type Status } from "../support/agent.ts";
import { BpfObjects } from "../support/bpf_state.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { assertReceived, buildUnpleasant, chainOf, type Echo } from "./bench.ts";

interface Services {
  readonly directory: string;
  readonly front: Program;
  readonly back: Program;
}

async function startServices(stack: AsyncDisposableStack): Promise<Services> {
  const scratch = stack.use(new ScratchDirectory());
  const exe = scratch.copy(await buildUnpleasant(), "service");
  const back = stack.use(await Program.start(exe, { args: ["back"] }));
  const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
  return { directory: scratch.path, front, back };
}

function argsFor(sinkUrl: string, { directory }: Services): string[] {
  return ["--otlp", sinkUrl, "--exe", `${directory}/*`, "--print", "off"];
}

/** The loader's programs, maps and links, of which there must be some. */
function objectsOf(loader: number): BpfObjects {
  const objects = BpfObjects.of(loader);
  for (const kind of ["prog", "map", "link"] as const) {
    assert.ok(objects.count(kind) > 0, `no ${kind} of the loader`);
  }
  return objects;
}

/** The kernel frees maps a moment after their last user. */
async function expectGone(objects: BpfObjects): Promise<void> {
  await eventually(async () => assert.deepEqual(await objects.left(), []));
}

async function loaderPid(agent: Agent): Promise<number> {
  const { loader } = await agent.get<Status & { loader: { pid: number } }>("/api/v1/status");
  assert.ok(loader.pid > 1, "status tells the loader's pid");
  return loader.pid;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Waits until the load is traced and its spans go out. */
async function exporting(agent: Agent): Promise<Accounting> {
  return await eventually(async () => {
    const accounting = await agent.accounting();
    assert.ok(accounting.exported > 0, "no span is exported");
    return accounting;
  });
}

/** Waits until the collector has turned the agent away. */
async function refusedOnce(agent: Agent): Promise<void> {
  await eventually(async () => {
    const { export: { retries } } = await agent.get<Status & { export: { retries: number } }>(
      "/api/v1/status",
    );
    assert.ok(retries > 0, "the collector was not asked");
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  rootTest(
    `${signal} under load flushes what is queued, ends the agent and leaves nothing behind`,
    async () => {
      await using stack = new AsyncDisposableStack();
      const services = await startServices(stack);
      const sink = stack.use(new OtlpSink());
      const agent = stack.use(await Agent.start({ args: argsFor(sink.url, services) }));
      await agent.traced(services.front.pid, services.back.pid);
      const loader = await loaderPid(agent);
      const objects = objectsOf(loader);
      using load = new LoadGenerator(services.front.url, 20);
      const abort = new AbortController();
      const running = load.until(abort.signal, () => ({ path: "/call" }));
      const { exported } = await exporting(agent);
      await agent.stop(signal);
      abort.abort();
      const { sent, failures } = await running;
      assert.deepEqual(failures.slice(0, 3), [], `${failures.length} of ${sent} requests failed`);
      assert.ok(sink.spans.length > exported, "spans that were queued have been flushed");
      assert.equal(isAlive(loader), false, "the loader has ended");
      await expectGone(objects);
    },
  );
}

/** Expects that a request to front is a joined trace again. */
async function expectTraced(agent: Agent, sink: OtlpSink, { front, back }: Services): Promise<void> {
  await agent.traced(front.pid, back.pid);
  using load = new LoadGenerator(front.url, 1);
  const context = freshContext();
  const { body } = await load.send<Echo>({ path: "/call", context });
  const spans = await eventually(() => {
    const found = sink.spans.filter((span) => span.traceId === context.traceId);
    assert.equal(found.length, 3, "spans of the request");
    return found;
  });
  assertReceived(body, chainOf(spans).client);
}

rootTest(
  "kill -9 of the service under load fails no request and leaves nothing; a new start traces",
  async () => {
    await using stack = new AsyncDisposableStack();
    const services = await startServices(stack);
    const sink = stack.use(new OtlpSink());
    const agent = await Agent.start({ args: argsFor(sink.url, services) });
    stack.defer(() => agent.kill());
    await agent.traced(services.front.pid, services.back.pid);
    const loader = await loaderPid(agent);
    const objects = objectsOf(loader);
    using load = new LoadGenerator(services.front.url, 20);
    const abort = new AbortController();
    const running = load.until(abort.signal, () => ({ path: "/call" }));
    await exporting(agent);
    await agent.kill();
    await eventually(() => assert.equal(isAlive(loader), false, "the loader has ended"));
    await expectGone(objects);
    abort.abort();
    const { sent, failures } = await running;
    assert.deepEqual(failures.slice(0, 3), [], `${failures.length} of ${sent} requests failed`);

    const again = stack.use(await Agent.start({ args: argsFor(sink.url, services) }));
    await expectTraced(again, sink, services);
    await again.atRest(3);
  },
);

rootTest(
  "kill -9 of the loader under load fails no request; its probes are gone, and new ones trace",
  async () => {
    await using stack = new AsyncDisposableStack();
    const services = await startServices(stack);
    const sink = stack.use(new OtlpSink());
    const agent = stack.use(await Agent.start({ args: argsFor(sink.url, services) }));
    await agent.traced(services.front.pid, services.back.pid);
    const loader = await loaderPid(agent);
    const objects = objectsOf(loader);
    using load = new LoadGenerator(services.front.url, 20);
    const abort = new AbortController();
    const running = load.until(abort.signal, () => ({ path: "/call" }));
    await exporting(agent);
    Deno.kill(loader, "SIGKILL");
    await expectGone(objects);
    await eventually(async () => assert.notEqual(await loaderPid(agent), loader));
    await agent.traced(services.front.pid, services.back.pid);
    abort.abort();
    const { sent, failures } = await running;
    assert.deepEqual(failures.slice(0, 3), [], `${failures.length} of ${sent} requests failed`);
    await expectTraced(agent, sink, services);
    // What was in flight when the loader died is counted as lost.
    await agent.atRest(6);
    const next = objectsOf(await loaderPid(agent));
    await agent.stop();
    await expectGone(next);
  },
);

rootTest(
  "a collector that is down loses nothing that fits the queue, and gets it when it is back",
  async () => {
    await using stack = new AsyncDisposableStack();
    const services = await startServices(stack);
    const port = freePort();
    const agent = stack.use(await Agent.start({ args: argsFor(`http://127.0.0.1:${port}`, services) }));
    await agent.traced(services.front.pid, services.back.pid);
    using load = new LoadGenerator(services.front.url, 5);
    const requests = Array.from({ length: 100 }, () => ({ path: "/call", context: freshContext() }));
    const results = await load.sendAll<Echo>(requests);
    assert.ok(results.every(({ status }) => status === 200), "a request failed");
    await eventually(async () => {
      const { begun, exported, queued } = await agent.accounting();
      assert.deepEqual({ begun, exported, queued }, { begun: 300, exported: 0, queued: 300 });
    });
    await refusedOnce(agent);

    const sink = stack.use(new OtlpSink(port));
    const { begun, exported: delivered } = await agent.atRest(300);
    assert.deepEqual({ begun, delivered }, { begun: 300, delivered: 300 });
    assert.equal(sink.take().length, 300);
  },
);

rootTest(
  "a collector that stays down costs spans, counted by reason, and never the agent's end",
  async () => {
    await using stack = new AsyncDisposableStack();
    const services = await startServices(stack);
    const config = `${services.directory}/agent.yaml`;
    Deno.writeTextFileSync(config, "otlp: {max_queue: 1009}\n");
    const agent = stack.use(
      await Agent.start({
        command: [`${ROOT}/scripts/up`, "--config", config],
        args: argsFor(`http://127.0.0.1:${freePort()}`, services),
      }),
    );
    await agent.traced(services.front.pid, services.back.pid);
    using load = new LoadGenerator(services.front.url, 20);
    const results = await load.sendAll<Echo>(Array.from({ length: 2000 }, () => ({ path: "/call" })));
    assert.ok(results.every(({ status }) => status === 200), "a request failed");
    await eventually(async () => {
      const accounting = await agent.accounting();
      const { begun, exported, queued, inFlight } = accounting;
      assert.equal(begun, 6000);
      assert.equal(exported, 0);
      assert.equal(inFlight, 0);
      assert.ok(lostInAll(accounting) > 0, "the queue is bounded");
      assert.equal(begun, queued + lostInAll(accounting));
    });
    await agent.stop();
  },
);
