/**
 * The bench of the end-to-end tests: an agent with a sink of ours, and front and back of tests/programs/unpleasant
 * below it. `exchange` sends one request and returns the spans that came of it, after the accounts are at rest.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { goBuild } from "../support/go_build.ts";
import { freshContext, LoadGenerator, type LoadRequest, type LoadResult } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { byTrace, type ReceivedSpan } from "../support/span.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

/** What back received, as it says itself. */
export interface Echo {
  readonly traceparent: readonly string[] | null;
  readonly tracestate: readonly string[] | null;
  readonly method: string;
  readonly uri: string;
  readonly headers: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly connection: string;
}

/** What came of one request. */
export interface Exchange<Body> {
  readonly result: LoadResult<Body>;
  /** Spans of the trace that the request brought along, by start. */
  readonly trace: readonly ReceivedSpan[];
  /** Spans of all other traces. */
  readonly others: readonly ReceivedSpan[];
}

/** Builds the program of the unpleasant cases. */
export function buildUnpleasant(toolchain: string = DEFAULT_TOOLCHAIN): Promise<string> {
  return goBuild({ module: `${ROOT}/tests/programs`, package: "./unpleasant", toolchain });
}

/** Agent, sink and both services. */
export class Bench implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  #settled = 0;

  private constructor(
    readonly agent: Agent,
    readonly sink: OtlpSink,
    readonly front: Program,
    readonly back: Program,
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
  }

  /** Starts all of it, and waits until both services are traced. */
  static async start(toolchain: string = DEFAULT_TOOLCHAIN): Promise<Bench> {
    const exe = await buildUnpleasant(toolchain);
    await using stack = new AsyncDisposableStack();
    const sink = stack.use(new OtlpSink());
    const agent = stack.use(
      await Agent.start({ args: ["--otlp", sink.url, "--exe", exe, "--print", "off"] }),
    );
    const back = stack.use(await Program.start(exe, { args: ["back"] }));
    const front = stack.use(await Program.start(exe, { args: ["front", back.url] }));
    await agent.traced(back.pid, front.pid);
    return new Bench(agent, sink, front, back, stack.move());
  }

  /**
   * Spans that have come since the last call, of which there must be exactly `count`, when the accounts are at
   * rest and add up.
   */
  async settle(count: number): Promise<ReceivedSpan[]> {
    this.#settled += count;
    const { begun, exported, lost } = await this.agent.atRest(this.#settled);
    const spans = this.sink.take();
    const names = spans.map((span) => `${span.kind} ${span.name} ${span.attributes["url.full"] ?? ""}`).join(
      ", ",
    );
    assert.equal(spans.length, count, `spans: ${names}`);
    assert.deepEqual({ begun, exported }, { begun: this.#settled, exported: this.#settled });
    assert.ok(Object.values(lost).every((n) => n === 0), `lost: ${JSON.stringify(lost)}`);
    return spans;
  }

  /** Sends one request of its own trace to front, and waits for the `count` spans that come of it. */
  async exchange<Body = Echo>(
    path: string,
    count: number,
    more: Partial<LoadRequest> = {},
  ): Promise<Exchange<Body>> {
    using load = new LoadGenerator(this.front.url, 1);
    const context = more.context ?? freshContext();
    const result = await load.send<Body>({ path, context, ...more });
    const traces = byTrace(await this.settle(count));
    const trace = traces.get(context.traceId) ?? [];
    traces.delete(context.traceId);
    return { result, trace, others: [...traces.values()].flat() };
  }

  /** Ends everything, the agent with the demands of `Agent.stop`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The one span of a kind; fails when there is none or are several. */
export function only(spans: readonly ReceivedSpan[], kind: ReceivedSpan["kind"]): ReceivedSpan {
  const found = spans.filter((span) => span.kind === kind);
  const [span] = found;
  assert.ok(span && found.length === 1, `${found.length} ${kind} spans instead of one`);
  return span;
}

/** Front's server span, its client span and back's server span; fails when the three are no chain. */
export function chainOf(
  spans: readonly ReceivedSpan[],
): { frontServer: ReceivedSpan; client: ReceivedSpan; backServer: ReceivedSpan } {
  assert.equal(spans.length, 3, `${spans.length} spans instead of three`);
  const client = only(spans, "CLIENT");
  const frontServer = spans.find((span) => span.kind === "SERVER" && span.spanId === client.parentId);
  const backServer = spans.find((span) => span.kind === "SERVER" && span.parentId === client.spanId);
  assert.ok(frontServer && backServer, "the three spans are no chain");
  return { frontServer, client, backServer };
}

/** The header of `client` was what back received, and nothing besides. */
export function assertReceived(echo: Echo | null, client: ReceivedSpan): void {
  assert.deepEqual(echo?.traceparent, [`00-${client.traceId}-${client.spanId}-01`]);
}

/**
 * Declares tests that share one bench for each Go version, started with the first and ended after the last
 * test of the file. TSUNAGI_E2E_VERSIONS (a list with commas) chooses others.
 */
export function sharedBench(versions: readonly string[]): {
  readonly versions: readonly string[];
  readonly bench: (version: string) => Promise<Bench>;
} {
  const benches = new Map<string, Promise<Bench>>();
  Deno.test.afterAll(async () => {
    for (const bench of benches.values()) await (await bench)[Symbol.asyncDispose]();
  });
  return {
    versions: Deno.env.get("TSUNAGI_E2E_VERSIONS")?.split(",") ?? versions,
    bench: (version) => {
      const bench = benches.get(version) ?? Bench.start(version);
      benches.set(version, bench);
      return bench;
    },
  };
}
