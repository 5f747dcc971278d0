/** The export proven against the real OpenTelemetry Collector, which reads it by its own code. */
import assert from "node:assert/strict";
import { Agent } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, LoadGenerator } from "../support/load.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { byTrace } from "../support/span.ts";
import { assertReceived, buildUnpleasant, chainOf, type Echo } from "../e2e/bench.ts";
import { Collector } from "../support/otlp_collector.ts";

const REQUESTS = 101;

for (const compression of ["none", "gzip"] as const) {
  rootTest(`the Collector receives every span, whole and once, with compression ${compression}`, async () => {
    const exe = await buildUnpleasant();
    await using collector = await Collector.start();
    await using agent = await Agent.start({
      args: ["--exe", exe, "--print", "off"],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
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
    await agent.stop();
  });
}
