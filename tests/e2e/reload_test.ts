/**
 * Other configurations, and a collector that goes away, while requests keep coming: every span is accounted for, and
 * none is lost where the rules do not want it so.
 */
import assert from "node:assert/strict";
import { Agent, freePort, lostInAll, type Status } from "../support/agent.ts";
import { eventually, sleep } from "../support/eventually.ts";
import { LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { buildUnpleasant } from "./bench.ts";

interface ConfigStatus extends Status {
  readonly config:
    | { readonly file: string | null; readonly loadedAt: string; readonly error: string | null }
    | null;
}

/** What a test changes of a configuration. */
interface Settings {
  readonly endpoint: string;
  readonly sampler?: string;
  readonly patterns?: readonly string[];
  readonly more?: string;
}

function yaml(
  exe: string,
  { endpoint, sampler = "always_on", patterns = [], more = "" }: Settings,
): string {
  return `
print: "off"
otel_traces_export: { endpoint: "${endpoint}", sampler: { name: ${sampler} } }
discovery: { services: [{ exe_path: "${exe}" }] }
routes: { patterns: ${JSON.stringify(patterns)} }
${more}`;
}

/** An agent with a configuration file, a service, and requests that do not stop until the load is disposed of. */
class Loaded implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #stop: AbortController;
  readonly #load: Promise<{ sent: number; failures: string[] }>;

  private constructor(
    readonly agent: Agent,
    readonly file: string,
    /** Of the service: a copy, so that it is nobody else's. */
    readonly exe: string,
    parts: {
      stack: AsyncDisposableStack;
      stop: AbortController;
      load: Promise<{ sent: number; failures: string[] }>;
    },
  ) {
    this.#stack = parts.stack;
    this.#stop = parts.stop;
    this.#load = parts.load;
  }

  static async start(first: Settings, { pauseMs = 0 } = {}): Promise<Loaded> {
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(new ScratchDirectory());
    const exe = scratch.copy(await buildUnpleasant(), "service");
    const file = `${scratch.path}/agent.yaml`;
    Deno.writeTextFileSync(file, yaml(exe, first));
    const agent = stack.use(await Agent.start({ args: ["--config", file] }));
    const back = stack.use(
      await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } }),
    );
    await agent.traced(back.pid);
    const generator = stack.use(new LoadGenerator(back.url, 4));
    const stop = new AbortController();
    let sent = 0;
    const load = generator.until(stop.signal, () => ({ path: `/echo?${sent++}` }), pauseMs);
    return new Loaded(agent, file, exe, { stack: stack.move(), stop, load });
  }

  /** Writes the file anew as editors do, and waits until it is in force; `signal` hurries that. */
  async change(settings: Settings, { signal = false } = {}): Promise<void> {
    const { loadedAt } = (await this.config())!;
    this.write(settings);
    if (signal) Deno.kill(this.agent.pid, "SIGHUP");
    await eventually(async () =>
      assert.notEqual((await this.config())?.loadedAt, loadedAt, "it is not in force")
    );
  }

  write(settings: Settings): void {
    Deno.writeTextFileSync(`${this.file}.new`, yaml(this.exe, settings));
    Deno.renameSync(`${this.file}.new`, this.file);
  }

  async config(): Promise<ConfigStatus["config"]> {
    return (await this.agent.get<ConfigStatus>("/api/v1/status")).config;
  }

  /** Waits until so many more spans have begun. */
  async spansBegin(count: number): Promise<void> {
    const { begun } = await this.agent.accounting();
    await eventually(async () => assert.ok((await this.agent.accounting()).begun >= begun + count));
  }

  /** Ends the load, and returns how many requests were answered; each must have been. */
  async end(): Promise<number> {
    this.#stop.abort();
    const { sent, failures } = await this.#load;
    assert.deepEqual(failures, []);
    return sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#load;
    await this.#stack.disposeAsync();
  }
}

rootTest(
  "endpoint, sampler and routes change under load by SIGHUP and by file; no span is lost",
  async () => {
    await using one = new OtlpSink();
    await using two = new OtlpSink();
    await using loaded = await Loaded.start({ endpoint: one.url });
    const { agent } = loaded;
    await loaded.spansBegin(200);
    await loaded.change({ endpoint: two.url });
    await loaded.spansBegin(200);
    await loaded.change({ endpoint: one.url, sampler: "always_off" }, { signal: true });
    await loaded.spansBegin(200);
    await loaded.change({ endpoint: two.url, patterns: ["/*"] }, { signal: true });
    await loaded.spansBegin(200);
    for (let turn = 0; turn < 5; turn++) {
      await loaded.change(
        { endpoint: turn % 2 === 0 ? one.url : two.url, patterns: [`/x${turn}`] },
      );
      await loaded.spansBegin(50);
    }
    const sent = await loaded.end();
    const accounting = await agent.atRest(sent);
    assert.equal(accounting.begun, sent);
    assert.equal(lostInAll(accounting), 0, JSON.stringify(accounting.lost));
    assert.ok(accounting.sampledOut >= 100, `${accounting.sampledOut} sampled out`);
    assert.equal(one.spans.length + two.spans.length, accounting.exported);
    assert.ok(one.spans.length >= 200 && two.spans.length >= 200, `${one.spans.length}, ${two.spans.length}`);
    // No span came twice, none was another's.
    const ids = new Set([...one.spans, ...two.spans].map(({ spanId }) => spanId));
    assert.equal(ids.size, accounting.exported);
    await agent.stop();
  },
);

rootTest(
  "a bad file changes nothing, and log and status say what is wrong with it until it is repaired",
  async () => {
    await using sink = new OtlpSink();
    await using loaded = await Loaded.start({ endpoint: sink.url });
    const { agent } = loaded;
    const before = await loaded.config();
    assert.equal(before?.error, null);
    loaded.write({ endpoint: sink.url, more: "otel_traces_exprot: {}\n" });
    const complaint = await eventually(async () => {
      const config = await loaded.config();
      assert.ok(config?.error, "no error is shown");
      return config;
    });
    assert.equal(complaint.loadedAt, before?.loadedAt);
    assert.match(complaint.error!, /agent\.yaml:6:1: .*otel_traces_exprot.*otel_traces_export/);
    await eventually(() => assert.match(agent.log, /level=(warn|error) .*otel_traces_exprot/));
    await loaded.spansBegin(100);
    await loaded.change({ endpoint: sink.url, patterns: ["/echo"] });
    assert.equal((await loaded.config())?.error, null);
    const sent = await loaded.end();
    const accounting = await agent.atRest(sent);
    assert.deepEqual([accounting.exported, lostInAll(accounting)], [sent, 0]);
    await agent.stop();
  },
);

rootTest(
  "a collector that is gone for a while gets every span when it is back, and memory stays bounded",
  async () => {
    const port = freePort();
    const first = new OtlpSink(port);
    // Some 350 requests a second, of which the queue holds those of a minute and a half.
    await using loaded = await Loaded.start({ endpoint: first.url }, { pauseMs: 10 });
    const { agent } = loaded;
    await loaded.spansBegin(200);
    await first[Symbol.asyncDispose]();
    const outageMs = Number(Deno.env.get("TSUNAGI_OUTAGE_MS") ?? 5_000);
    const residentMiB: number[] = [];
    for (const end = Date.now() + outageMs; Date.now() < end;) {
      residentMiB.push(residentKib(agent.pid) / 1024);
      await sleep(250);
    }
    await using second = new OtlpSink(port);
    await eventually(() => assert.ok(second.spans.length > 0, "nothing came after the outage"));
    const sent = await loaded.end();
    const accounting = await agent.atRest(sent);
    assert.deepEqual(
      [accounting.exported, lostInAll(accounting)],
      [sent, 0],
      JSON.stringify(accounting.lost),
    );
    const ids = new Set([...first.spans, ...second.spans].map(({ spanId }) => spanId));
    assert.equal(ids.size, sent);
    assert.ok(Math.max(...residentMiB) < 300, `${Math.round(Math.max(...residentMiB))} MiB resident`);
    await agent.stop();
  },
);

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]);
}
