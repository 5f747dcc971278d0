/**
 * Ten thousand random paths: routes are the program's own patterns, or those of the configuration, or a bounded guess;
 * never a path. Series stay within their budget, before and after a restart of the agent.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { goBuild } from "../support/go_build.ts";
import { LoadGenerator, randomId } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { Scrape } from "../support/prometheus_text.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";

const REQUESTS = 10_000;
const MAX_SERIES = 60;
const COUNT = "http_server_request_duration_seconds_count";

/** Things that programs put into paths. */
const SEGMENTS: readonly (() => string)[] = [
  () => crypto.randomUUID(),
  () => randomId(12),
  () => String(Math.floor(Math.random() * 1e9)),
  () => `${randomWord()}@example.com`,
  () => `${randomWord()}-${Math.floor(Math.random() * 1e6)}`,
  () => `${randomWord()}${randomWord()}`,
  () => encodeURIComponent(`ü ${randomWord()}`),
];

function randomWord(): string {
  return Array.from({ length: 7 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join("");
}

function randomSegment(): string {
  return SEGMENTS[Math.floor(Math.random() * SEGMENTS.length)]!();
}

function build(): Promise<string> {
  return goBuild({ module: `${ROOT}/tests/programs`, package: "./routes", toolchain: DEFAULT_TOOLCHAIN });
}

interface Routes {
  readonly byRoute: Readonly<Record<string, number>>;
  readonly series: number;
  readonly requests: number;
}

async function routes(agent: Agent): Promise<Routes> {
  const samples = (await Scrape.of(agent.url)).select(COUNT);
  const byRoute: Record<string, number> = {};
  for (const { labels, value } of samples) {
    const route = labels["otel_metric_overflow"] === "true" ? "overflow" : labels["http_route"] ?? "none";
    byRoute[route] = (byRoute[route] ?? 0) + value;
  }
  return { byRoute, series: samples.length, requests: samples.reduce((sum, { value }) => sum + value, 0) };
}

/** Sends the paths, and waits until all of their spans are settled. */
async function send(agent: Agent, program: Program, paths: readonly string[]): Promise<void> {
  using load = new LoadGenerator(program.url, 16);
  const results = await load.sendAll(paths.map((path) => ({ path })));
  assert.deepEqual(results.filter(({ error }) => error !== null).map(({ error }) => error), []);
  await agent.atRest(paths.length);
}

rootTest("a ServeMux of Go 1.22 names the route of 10,000 random paths by its own patterns", async () => {
  await using agent = await Agent.start({ args: ["--exe", await build(), "--print", "off"] });
  await using program = await Program.start(await build(), { args: ["mux"] });
  await agent.traced(program.pid);
  const kinds: Readonly<Record<string, () => string>> = {
    "/orders/{id}": () => `/orders/${randomSegment()}`,
    "/orders/{id}/items/{item}": () => `/orders/${randomSegment()}/items/${randomSegment()}`,
    "/files/{path...}": () => `/files/${randomSegment()}/${randomSegment()}/${randomSegment()}`,
    "/{$}": () => "/",
  };
  const each = REQUESTS / 4;
  await send(agent, program, Object.values(kinds).flatMap((make) => Array.from({ length: each }, make)));
  const { byRoute, series } = await routes(agent);
  assert.deepEqual(byRoute, Object.fromEntries(Object.keys(kinds).map((route) => [route, each])));
  assert.equal(series, 4);
  await agent.stop();
});

/** What an agent with a budget makes of `REQUESTS` random paths to a program without a ServeMux. */
async function measurePlain(
  program: Program,
  unmatched: "heuristic" | "path",
): Promise<Routes & { sent: Set<string> }> {
  using scratch = new ScratchDirectory();
  const config = `${scratch.path}/agent.yaml`;
  Deno.writeTextFileSync(
    config,
    `
print: "off"
metrics: { max_series: ${MAX_SERIES} }
discovery: { services: [{ exe_path: "${program.exe}", name: routes }] }
routes: { patterns: ["/orders/{id}", "/files/*"], unmatched: ${unmatched} }
`,
  );
  await using agent = await Agent.start({ args: ["--config", config] });
  await agent.traced(program.pid);
  const make = (count: number, path: () => string) => Array.from({ length: count }, path);
  const others = make(
    REQUESTS - 2_000,
    () => `/${make(1 + Math.floor(Math.random() * 4), randomSegment).join("/")}`,
  );
  await send(agent, program, [
    ...make(1_000, () => `/orders/${randomSegment()}`),
    ...make(1_000, () => `/files/${randomSegment()}/${randomSegment()}`),
    ...others,
  ]);
  const measured = await routes(agent);
  await agent.stop();
  return {
    ...measured,
    sent: new Set(others.flatMap((path) => path.split("/")).filter((part) => part !== "")),
  };
}

rootTest(
  "without a ServeMux patterns and a guess name routes, within the budget, after a restart too",
  async () => {
    await using program = await Program.start(await build(), { args: ["plain"] });
    for (const life of ["first", "after a restart"]) {
      const { byRoute, series, requests, sent } = await measurePlain(program, "heuristic");
      const shown = `${life}: ${JSON.stringify(byRoute)}`;
      assert.equal(requests, REQUESTS, shown);
      assert.ok(series <= MAX_SERIES, `${series} series; ${shown}`);
      assert.deepEqual([byRoute["/orders/{id}"], byRoute["/files/*"]], [1_000, 1_000], shown);
      // A few of a thousand random letters pass for words; nothing else does.
      const raw = Object.keys(byRoute).flatMap((route) => route.split("/")).filter((part) => sent.has(part));
      assert.ok(raw.length <= 20 && raw.every((part) => /^[a-z]{14}$/.test(part)), shown);
    }
  },
);

rootTest("where paths are asked for as routes, the budget holds and every request is counted", async () => {
  await using program = await Program.start(await build(), { args: ["plain"] });
  const { byRoute, series, requests } = await measurePlain(program, "path");
  assert.equal(requests, REQUESTS);
  assert.ok(series > MAX_SERIES / 2 && series <= MAX_SERIES + 1, `${series} series`);
  assert.ok((byRoute["overflow"] ?? 0) > REQUESTS / 2, JSON.stringify(byRoute));
});
