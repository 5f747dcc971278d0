/** One cell of the matrix: a Go version built in one way, traced, loaded and checked. Called by matrix_test.ts. */
import assert from "node:assert/strict";
import { Agent, type AgentOptions, ROOT } from "../support/agent.ts";
import { goBuild, goEnvironment, type GoFlavour } from "../support/go_build.ts";
import { LoadGenerator } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { byTrace, type ReceivedSpan } from "../support/span.ts";
import { checkSampled, checkUnsampled, type Exchange } from "./check.ts";
import { CONTEXT_MODES, type ContextMode } from "./contexts.ts";
import type { Services } from "./expect.ts";
import { type MatrixRequest, matrixRequests } from "./requests.ts";
import { runSpecials } from "./specials.ts";
import { Tally } from "./tally.ts";

/** How a program comes to run: built in one of these ways, or by `go run`. */
export type Flavour = GoFlavour | "go run";

/** Every column of the matrix. */
export const FLAVOURS: readonly Flavour[] = [
  "plain",
  "stripped",
  "pie",
  "debug",
  "race",
  "trimpath",
  "go run",
];

/** Those that get the whole load; the others tell only whether the probes find their way. */
const WHOLE: readonly Flavour[] = ["plain", "stripped", "pie"];
const WHOLE_REQUESTS = 1009;
const FEW_REQUESTS = 211;
const CONCURRENCY = 50;
const MODULE = `${ROOT}/tests/programs`;
const CONFIG = `${ROOT}/tests/matrix/agent.yaml`;

/** What a cell gives. */
export interface CellResult {
  readonly version: string;
  readonly flavour: Flavour;
  readonly right: number;
  readonly total: number;
  readonly decoder: string | null;
  readonly tally: Tally;
  /** Why requests were not right, or why there were none. */
  readonly reasons: readonly string[];
}

/** Both services and the agent that traces them. */
export interface Bench {
  readonly agent: Agent;
  readonly sink: OtlpSink;
  readonly services: Services;
}

async function startServices(
  stack: AsyncDisposableStack,
  version: string,
  flavour: Flavour,
): Promise<Services> {
  const start = async (...args: string[]) => {
    if (flavour === "go run") {
      const env = await goEnvironment(version);
      return await Program.start("go", {
        args: ["run", "./matrix", ...args],
        cwd: MODULE,
        env,
        viaChild: true,
      });
    }
    const exe = await goBuild({ module: MODULE, package: "./matrix", toolchain: version, flavour });
    return await Program.start(exe, { args });
  };
  const back = stack.use(await start("back"));
  const front = stack.use(await start("front", back.url));
  return { front, back, goVersion: version };
}

/** The spans of each request: those of the trace in which front served it. */
function exchangesOf(
  requests: readonly MatrixRequest[],
  results: readonly Exchange["result"][],
  spans: readonly ReceivedSpan[],
): Exchange[] {
  const byQuery = new Map<string, ReceivedSpan[]>();
  for (const trace of byTrace(spans).values()) {
    for (const span of trace) {
      if (span.kind !== "SERVER" || span.attributes["url.path"] === "/back") continue;
      const query = String(span.attributes["url.query"]);
      // A request that shows in two traces has the spans of both, and so too many.
      byQuery.set(query, [...byQuery.get(query) ?? [], ...trace]);
    }
  }
  return requests.map((request, index) => ({
    request,
    result: results[index]!,
    spans: byQuery.get(request.shownQuery) ?? [],
  }));
}

/** Sends the requests of a mode; returns why some were not right, one reason for each. */
async function runMode(
  mode: ContextMode,
  requests: readonly MatrixRequest[],
  bench: Bench,
  tally: Tally,
): Promise<string[]> {
  const { agent, sink, services } = bench;
  const count = requests.reduce((sum, { spans }) => sum + spans, 0);
  const before = await agent.accounting();
  sink.take();
  using load = new LoadGenerator(`http://${services.front.host}`, CONCURRENCY);
  const results = await load.sendAll<unknown>(requests.map((request) => request.load));
  const after = await agent.atRest(before.begun + count);
  const spans = sink.take();

  assert.equal(after.begun - before.begun, count, "spans begun");
  assert.deepEqual(after.lost, before.lost, "spans lost");
  assert.equal(after.sampledOut - before.sampledOut, mode.sampled ? 0 : count, "spans sampled out");
  assert.equal(after.exported - before.exported, spans.length, "spans exported, and received by the sink");
  assert.equal(spans.length, mode.sampled ? count : 0, "spans received");
  assert.equal(new Set(spans.map((span) => span.spanId)).size, spans.length, "span ids are unique");
  const reasons: string[] = [];
  for (const exchange of exchangesOf(requests, results, spans)) {
    try {
      if (mode.sampled) checkSampled(exchange, services, tally);
      else checkUnsampled(exchange);
    } catch (error) {
      reasons.push(`${mode.name}, ${exchange.request.load.path}: ${(error as Error).message}`);
    }
  }
  return reasons;
}

/** Runs a cell. What goes wrong is in the result, not thrown. `agentOptions`: for another agent than this tree's. */
export async function runCell(
  version: string,
  flavour: Flavour,
  agentOptions: Pick<AgentOptions, "command"> = {},
): Promise<CellResult> {
  const whole = WHOLE.includes(flavour);
  const modes = whole ? CONTEXT_MODES : CONTEXT_MODES.slice(0, 2);
  const perMode = whole ? WHOLE_REQUESTS : FEW_REQUESTS;
  const tally = new Tally();
  const reasons: string[] = [];
  let decoder: string | null = null;
  let total = 0;
  let right = 0;
  try {
    await using stack = new AsyncDisposableStack();
    const sink = stack.use(new OtlpSink());
    const services = await startServices(stack, version, flavour);
    const { front, back } = services;
    const args = [
      "--config",
      CONFIG,
      "--otlp",
      sink.url,
      "--print",
      "off",
      "--pid",
      String(back.pid),
      "--pid",
      String(front.pid),
    ];
    const agent = stack.use(await Agent.start({ ...agentOptions, args }));
    await agent.traced(back.pid, front.pid);
    decoder = (await agent.target(front.pid)).decoder;
    const bench = { agent, sink, services };
    for (const [index, mode] of modes.entries()) {
      total += perMode;
      const wrong = await runMode(mode, matrixRequests(index * 10_000, perMode, mode), bench, tally);
      right += perMode - wrong.length;
      reasons.push(...wrong);
    }
    const specials = await runSpecials(bench, tally);
    total += specials.total;
    right += specials.total - specials.reasons.length;
    reasons.push(...specials.reasons);
    await agent.stop();
  } catch (error) {
    reasons.push(error instanceof Error ? error.message : String(error));
  }
  return { version, flavour, right, total, decoder, tally, reasons };
}
