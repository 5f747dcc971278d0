/**
 * Every Go version, linked in three ways: front calls back for 1,009 requests, 50 at a time, and every one of
 * them must be a trace of exactly three spans, with nothing missing, twice or wrong.
 * TSUNAGI_MATRIX_VERSIONS and TSUNAGI_MATRIX_FLAVOURS (lists with commas) restrict it.
 */
import assert from "node:assert/strict";
import { Agent, ROOT } from "../support/agent.ts";
import { goBuild, type GoFlavour } from "../support/go_build.ts";
import { LoadGenerator, type LoadRequest } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { byTrace } from "../support/span.ts";
import { GO_TOOLCHAINS } from "../support/toolchains.ts";
import { CONTEXT_MODES, type ContextMode } from "./contexts.ts";
import { checkTrace, checkUnsampled, type Echo, receivedContext, type Services } from "./expect.ts";

const REQUESTS = 1009;
const CONCURRENCY = 50;
const STATUSES = [200, 200, 201, 404, 200, 503, 200];

function chosen<T extends string>(variable: string, all: readonly T[]): readonly T[] {
  const list = Deno.env.get(variable)?.split(",");
  return list ? all.filter((name) => list.includes(name)) : all;
}

const versions = chosen("TSUNAGI_MATRIX_VERSIONS", GO_TOOLCHAINS);
const flavours = chosen<GoFlavour>("TSUNAGI_MATRIX_FLAVOURS", ["plain", "stripped", "pie"]);

function requestsOf(mode: ContextMode): LoadRequest[] {
  return Array.from({ length: REQUESTS }, (_, n) => {
    const context = mode.context();
    return {
      path: `/front?n=${n}&status=${STATUSES[n % STATUSES.length]}`,
      method: n % 3 === 0 ? "POST" : "GET",
      ...(context ? { context } : {}),
    };
  });
}

/** Runs `check` on every result; reports how many failed and the first few reasons. */
function checkAll<T>(results: readonly T[], check: (result: T) => void): void {
  const reasons: string[] = [];
  for (const result of results) {
    try {
      check(result);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  assert.equal(
    reasons.length,
    0,
    `${reasons.length} of ${results.length} wrong: ${reasons.slice(0, 3).join("\n")}`,
  );
}

interface Bench {
  readonly agent: Agent;
  readonly sink: OtlpSink;
  readonly services: Services;
}

async function runMode(mode: ContextMode, { agent, sink, services }: Bench): Promise<void> {
  const before = await agent.accounting();
  sink.take();
  using load = new LoadGenerator(`http://${services.front.host}`, CONCURRENCY);
  const results = await load.sendAll<Echo>(requestsOf(mode));
  const after = await agent.atRest(before.begun + 3 * REQUESTS);
  const spans = sink.take();

  checkAll(results, ({ error }) => assert.equal(error, null));
  assert.equal(after.begun - before.begun, 3 * REQUESTS, "spans begun");
  assert.deepEqual(after.lost, before.lost, "spans lost");
  assert.equal(after.sampledOut - before.sampledOut, mode.sampled ? 0 : 3 * REQUESTS, "spans sampled out");
  assert.equal(after.exported - before.exported, spans.length, "spans exported, and received by the sink");
  assert.equal(new Set(spans.map((span) => span.spanId)).size, spans.length, "span ids are unique");
  if (!mode.sampled) {
    assert.equal(spans.length, 0);
    checkAll(results, checkUnsampled);
    return;
  }
  const traces = byTrace(spans);
  assert.equal(spans.length, 3 * REQUESTS, "spans");
  assert.equal(traces.size, REQUESTS, "traces");
  checkAll(results, (result) => {
    assert.ok(result.body);
    const { traceId } = receivedContext(result.body);
    checkTrace(result, traces.get(result.request.context?.traceId ?? traceId) ?? [], services);
  });
}

for (const version of versions) {
  for (const flavour of flavours) {
    rootTest(`Go ${version} ${flavour}: ${REQUESTS} requests give ${REQUESTS} joined traces`, async (t) => {
      const exe = await goBuild({
        module: `${ROOT}/tests/programs`,
        package: "./matrix",
        toolchain: version,
        flavour,
      });
      await using sink = new OtlpSink();
      await using agent = await Agent.start({ args: ["--otlp", sink.url, "--exe", exe, "--print", "off"] });
      await using back = await Program.start(exe, { args: ["back"] });
      await using front = await Program.start(exe, { args: ["front", back.url] });
      await agent.traced(back.pid, front.pid);
      const services = { front, back, goVersion: version };
      for (const mode of CONTEXT_MODES) {
        await t.step(mode.name, () => runMode(mode, { agent, sink, services }));
      }
      await agent.stop();
    });
  }
}
