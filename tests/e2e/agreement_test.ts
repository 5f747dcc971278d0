/**
 * The two services under a load tool: what the page asks for (/api/v1/services), what Prometheus scrapes (/metrics),
 * the exported spans and the tool's own report agree, in counts exactly, in latencies as well as buckets can tell.
 */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { Scrape } from "../support/prometheus_text.ts";
import { rootTest } from "../support/root.ts";
import type { ReceivedSpan } from "../support/span.ts";
import { hey, quantileOf } from "./hey.ts";
import { TwoServices } from "./two_services.ts";

interface ServiceJson {
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  readonly errorRate: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly routes: readonly {
    readonly method: string;
    readonly route: string | null;
    readonly requests: number;
  }[];
}

interface EdgeJson {
  readonly from: string;
  readonly to: string;
  readonly requests: number;
  readonly errors: number;
}

const GOOD = 400;
const FAILED = 50;
const SERVER = "http_server_request_duration_seconds";
const CLIENT = "http_client_request_duration_seconds";
/** Buckets of the page grow by this factor; it shows the middle of one. */
const PAGE_BUCKET = 2 ** (1 / 8);
/** Front sleeps so long before it calls back. */
const SLEEP_SCALE = 0.1;

rootTest("counts, errors and latencies of page, /metrics, spans and load tool agree", async () => {
  await using sink = new OtlpSink();
  await using services = await TwoServices.start({ sleepScale: SLEEP_SCALE });
  const { front, back } = services.ports;
  await using agent = await Agent.start({
    args: ["--otlp", sink.url, "--port", `${front},${back}`, "--print", "off"],
  });
  await services.traced(agent);

  const good = await hey({ url: services.url, requests: GOOD, concurrency: 40 });
  await agent.atRest(3 * GOOD);
  await services.stop("back");
  const failed = await hey({ url: services.url, requests: FAILED, concurrency: 10 });
  const accounting = await agent.atRest(3 * GOOD + 2 * FAILED);
  assert.deepEqual([good.byStatus, failed.byStatus], [{ 200: GOOD }, { 502: FAILED }]);
  assert.equal(accounting.exported, 3 * GOOD + 2 * FAILED);

  const spans = sink.take();
  const of = (service: string, kind: ReceivedSpan["kind"]) =>
    spans.filter((span) => span.kind === kind && span.resource["service.name"] === service);
  const seconds = (of: readonly ReceivedSpan[]) =>
    of.map(({ startNs, endNs }) => Number(endNs - startNs) / 1e9).sort((a, b) => a - b);

  // The figures are looked at every two seconds.
  const page = await eventually(async () => {
    const { services } = await agent.get<{ services: readonly ServiceJson[] }>("/api/v1/services?window=300");
    const byName = new Map(services.map((service) => [service.name, service]));
    assert.equal(byName.get("front")?.requests, GOOD + FAILED);
    assert.equal(byName.get("back")?.requests, GOOD);
    return byName;
  }, { everyMs: 500 });
  const metrics = await Scrape.of(agent.url);

  assert.equal(page.get("front")?.errors, FAILED);
  assert.equal(page.get("back")?.errors, 0);
  assert.ok(Math.abs(page.get("front")!.errorRate - FAILED / (GOOD + FAILED)) < 1e-9);
  assert.deepEqual(
    page.get("front")?.routes.map(({ method, route, requests }) => ({ method, route, requests })),
    [{ method: "GET", route: "/", requests: GOOD + FAILED }],
  );

  const count = (name: string, service: string, status?: number) =>
    metrics.sum(`${name}_count`, {
      service_name: service,
      ...(status === undefined ? {} : { http_response_status_code: `${status}` }),
    });
  assert.deepEqual([count(SERVER, "front", 200), count(SERVER, "front", 502)], [GOOD, FAILED]);
  assert.deepEqual([count(SERVER, "front"), count(SERVER, "back")], [GOOD + FAILED, GOOD]);
  assert.deepEqual([count(CLIENT, "front", 200), count(CLIENT, "front")], [GOOD, GOOD + FAILED]);
  assert.equal(of("front", "SERVER").length, GOOD + FAILED);
  assert.equal(of("back", "SERVER").length, GOOD);

  // No span is shorter than what happened in it.
  for (const [trace, [served]] of Map.groupBy(of("front", "SERVER"), ({ traceId }) => traceId)) {
    const calls = of("front", "CLIENT").filter(({ traceId }) => traceId === trace);
    const [leastS, tookS] = [SLEEP_SCALE + seconds(calls)[0]!, seconds([served!])[0]!];
    assert.ok(calls.length === 1 && tookS >= leastS, `${tookS} s, of which ${leastS} s must be`);
  }
  const tool = [...good.durationsS, ...failed.durationsS].sort((a, b) => a - b);
  for (const service of ["front", "back"]) {
    const exact = seconds(of(service, "SERVER"));
    const summed = metrics.sum(`${SERVER}_sum`, { service_name: service });
    const sum = exact.reduce((total, duration) => total + duration, 0);
    assert.ok(Math.abs(summed / sum - 1) < 1e-6, `${service}: sum is ${summed} instead of ${sum}`);
    for (const [quantile, shownMs] of [[0.5, "p50Ms"], [0.9, "p90Ms"], [0.99, "p99Ms"]] as const) {
      const trueS = quantileOf(exact, quantile);
      const [above, upTo] = metrics.quantileBounds(SERVER, quantile, { service_name: service });
      assert.ok(
        above < trueS && trueS <= upTo,
        `${service} ${quantile}: ${trueS} is not in ${above}..${upTo}`,
      );
      const pageS = page.get(service)![shownMs]! / 1_000;
      const off = Math.max(pageS / trueS, trueS / pageS);
      assert.ok(off <= PAGE_BUCKET, `${service} ${quantile}: ${pageS} is shown for ${trueS}`);
      if (service !== "front") continue;
      // The tool's clock runs longer: on the way there and back, and while anybody waits for a processor.
      const toolS = quantileOf(tool, quantile);
      assert.ok(toolS >= trueS, `${quantile}: the tool says ${toolS}, the spans ${trueS}`);
    }
  }

  const { edges } = await agent.get<{ edges: readonly EdgeJson[] }>("/api/v1/graph?window=300");
  const edge = (from: RegExp, to: RegExp) => edges.find((edge) => from.test(edge.from) && to.test(edge.to));
  assert.equal(edge(/^user$/, /front$/)?.requests, GOOD + FAILED, JSON.stringify(edges));
  assert.equal(edge(/front$/, /back$/)?.requests, GOOD, JSON.stringify(edges));
  assert.equal(metrics.sum("traces_service_graph_request_total", { client: "front", server: "back" }), GOOD);
  await agent.stop();
});
