/** What a traced program does, proven against the real OpenTelemetry Collector, which reads it by its own code. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { Collector } from "../support/otlp_collector.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { byTrace } from "../support/span.ts";
import { assertReceived, buildUnpleasant, chainOf, type Echo } from "../e2e/bench.ts";

const REQUESTS = 101;

for (
  const [protocol, compression] of [["http/protobuf", "none"], ["http/json", "gzip"], [
    "grpc",
    "gzip",
  ]] as const
) {
  rootTest(`the Collector gets every span and request, once, by ${protocol} and ${compression}`, async () => {
    using scratch = new ScratchDirectory();
    const exe = scratch.copy(await buildUnpleasant(), "service");
    await using collector = await Collector.start();
    await using agent = await Agent.start({
      args: ["--exe", exe, "--print", "off"],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? collector.grpcUrl : collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        OTEL_METRIC_EXPORT_INTERVAL: "500",
      },
    });
    await using back = await Program.start(exe, { args: ["back"], env: { OTEL_SERVICE_NAME: "back" } });
    await using front = await Program.start(exe, {
      args: ["front", back.url],
      env: {
        OTEL_RESOURCE_ATTRIBUTES: "service.name=front,service.namespace=shop,deployment.environment=te%2Cst",
      },
    });
    await agent.traced(back.pid, front.pid);
    using load = new LoadGenerator(front.url, 10);
    const requests = Array.from(
      { length: REQUESTS },
      () => ({ path: "/call", context: freshContext("01", "a=b") }),
    );
    const results = await load.sendAll<Echo>(requests);
    const { exported } = await agent.atRest(3 * REQUESTS);
    assert.equal(exported, 3 * REQUESTS);

    const spans = await eventually(() => {
      const received = collector.spans();
      assert.ok(received.length >= 3 * REQUESTS, `${received.length} spans`);
      return received;
    });
    assert.equal(spans.length, 3 * REQUESTS);
    const traces = byTrace(spans);
    for (const { request, body } of results) {
      const { frontServer, client, backServer } = chainOf(traces.get(request.context?.traceId ?? "") ?? []);
      assertReceived(body, client);
      assert.equal(frontServer.parentId, request.context?.spanId);
      assert.deepEqual([frontServer.traceState, backServer.traceState], ["a=b", "a=b"]);
      assert.equal(backServer.resource["service.name"], "back");
      assert.deepEqual(
        ["service.name", "service.namespace", "deployment.environment"].map((key) =>
          frontServer.resource[key]
        ),
        ["front", "shop", "te,st"],
      );
    }
    // The end sends metrics a last time.
    await agent.stop();
    await eventually(() => {
      assert.equal(countOf(collector, "http.server.request.duration", "front"), REQUESTS);
      assert.equal(countOf(collector, "http.server.request.duration", "back"), REQUESTS);
      assert.equal(countOf(collector, "http.client.request.duration", "front"), REQUESTS);
      assert.equal(countOf(collector, "traces_service_graph_request_total", "tsunagi", "back"), REQUESTS);
    });
  });
}

/** Requests that a service has measured in the end; `server` picks edges of the service graph. */
function countOf(collector: Collector, name: string, service: string, server?: string): number {
  return collector.series()
    .filter(({ metric, resource }) => metric.name === name && resource["service.name"] === service)
    .filter(({ attributes }) => server === undefined || attributes["server"] === server)
    .reduce((sum, { points }) => sum + Number(points.at(-1)!.count ?? points.at(-1)!.asInt), 0);
}
