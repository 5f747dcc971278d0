/** Programs as users have them: traced rightly, in one trace with each other. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Agent, freePort } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { freshContext, traceparentOf } from "../support/load.ts";
import { OtlpSink } from "../support/otlp_sink.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { byTrace, type ReceivedSpan } from "../support/span.ts";
import { chainOf } from "../e2e/bench.ts";
import { Daemon, debianPrograms, httpbin } from "./programs.ts";

/** The spans of a trace, once there are `count` of them. */
async function traceOf(sink: OtlpSink, traceId: string, count: number): Promise<ReceivedSpan[]> {
  return await eventually(() => {
    const spans = sink.spans.filter((span) => span.traceId === traceId);
    assert.equal(spans.length, count, spans.map((span) => `${span.kind} ${span.name}`).join(", "));
    return spans;
  });
}

async function startAgent(
  stack: AsyncDisposableStack,
  ...exes: string[]
): Promise<{ agent: Agent; sink: OtlpSink }> {
  const sink = stack.use(new OtlpSink());
  const args = ["--otlp", sink.url, "--print", "off", ...exes.flatMap((exe) => ["--exe", exe])];
  return { agent: stack.use(await Agent.start({ args })), sink };
}

rootTest("Debian's Prometheus scrapes Debian's node exporter in joined traces", async () => {
  const bin = await debianPrograms();
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const { agent, sink } = await startAgent(stack, `${bin}/*`);
  const [exporterPort, prometheusPort] = [freePort(), freePort()];
  const exporter = stack.use(
    await Daemon.start(join(bin, "prometheus-node-exporter"), [
      `--web.listen-address=127.0.0.1:${exporterPort}`,
    ], `http://127.0.0.1:${exporterPort}/`),
  );
  const config = join(scratch.path, "prometheus.yml");
  Deno.writeTextFileSync(
    config,
    `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["127.0.0.1:${exporterPort}"]}]
`,
  );
  const prometheus = stack.use(
    await Daemon.start(join(bin, "prometheus"), [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(scratch.path, "data")}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ], `http://127.0.0.1:${prometheusPort}/-/ready`),
  );
  await agent.traced(exporter.pid, prometheus.pid);
  sink.take();
  await eventually(() => {
    // One that Prometheus gave up, or that is under way, has no answer.
    const scrapes = [...byTrace(sink.spans).values()].filter((spans) =>
      spans.some(({ kind, resource, attributes }) =>
        kind === "CLIENT" && resource["process.pid"] === prometheus.pid &&
        attributes["http.response.status_code"] === 200
      )
    );
    assert.ok(scrapes.length >= 3, `${scrapes.length} scrapes`);
    for (const spans of scrapes.slice(0, 3)) {
      const client = spans.find((span) => span.kind === "CLIENT");
      const server = spans.find((span) => span.kind === "SERVER");
      assert.ok(client && server && spans.length === 2, "a scrape is a client and a server span");
      assert.equal(client.parentId, "");
      assert.equal(server.parentId, client.spanId);
      assert.equal(server.resource["process.pid"], exporter.pid);
      assert.equal(server.resource["service.name"], "prometheus-node-exporter");
      assert.equal(server.attributes["url.path"], "/metrics");
      assert.equal(server.attributes["http.response.status_code"], 200);
      assert.equal(client.attributes["url.full"], `http://127.0.0.1:${exporterPort}/metrics`);
    }
  });
  // Otherwise there is always a span on its way.
  await prometheus[Symbol.asyncDispose]();
  await agent.atRest(6);
});

rootTest("Debian's Blackbox exporter probes Debian's node exporter in one trace", async () => {
  const bin = await debianPrograms();
  using scratch = new ScratchDirectory();
  await using stack = new AsyncDisposableStack();
  const { agent, sink } = await startAgent(stack, `${bin}/*`);
  const [exporterPort, blackboxPort] = [freePort(), freePort()];
  const exporter = stack.use(
    await Daemon.start(join(bin, "prometheus-node-exporter"), [
      `--web.listen-address=127.0.0.1:${exporterPort}`,
    ], `http://127.0.0.1:${exporterPort}/`),
  );
  const config = join(scratch.path, "blackbox.yml");
  Deno.writeTextFileSync(config, "modules: {http_2xx: {prober: http}}\n");
  const blackbox = stack.use(
    await Daemon.start(join(bin, "prometheus-blackbox-exporter"), [
      `--config.file=${config}`,
      `--web.listen-address=127.0.0.1:${blackboxPort}`,
    ], `http://127.0.0.1:${blackboxPort}/-/healthy`),
  );
  await agent.traced(exporter.pid, blackbox.pid);
  const context = freshContext();
  const target = encodeURIComponent(`http://127.0.0.1:${exporterPort}/metrics`);
  const response = await fetch(`http://127.0.0.1:${blackboxPort}/probe?module=http_2xx&target=${target}`, {
    headers: { traceparent: traceparentOf(context) },
  });
  assert.match(await response.text(), /^probe_success 1$/m);
  const { frontServer, client, backServer } = chainOf(await traceOf(sink, context.traceId, 3));
  assert.equal(frontServer.parentId, context.spanId);
  assert.equal(frontServer.attributes["url.path"], "/probe");
  assert.equal(client.attributes["http.response.status_code"], 200);
  assert.equal(backServer.resource["process.pid"], exporter.pid);
});

rootTest(
  "Debian's Caddy hands requests to go-httpbin in one trace, and httpbin sees the header",
  async () => {
    const bin = await debianPrograms();
    const httpbinExe = await httpbin();
    using scratch = new ScratchDirectory();
    await using stack = new AsyncDisposableStack();
    const { agent, sink } = await startAgent(stack, `${bin}/*`, httpbinExe);
    const [httpbinPort, caddyPort] = [freePort(), freePort()];
    const backend = stack.use(
      await Daemon.start(
        httpbinExe,
        ["-host", "127.0.0.1", "-port", String(httpbinPort)],
        `http://127.0.0.1:${httpbinPort}/status/200`,
      ),
    );
    const config = join(scratch.path, "Caddyfile");
    Deno.writeTextFileSync(
      config,
      `{
  admin off
  auto_https off
  storage file_system ${scratch.path}
}
http://127.0.0.1:${caddyPort} {
  reverse_proxy 127.0.0.1:${httpbinPort}
}
`,
    );
    const caddy = stack.use(
      await Daemon.start(
        join(bin, "caddy"),
        ["run", "--config", config, "--adapter", "caddyfile"],
        `http://127.0.0.1:${caddyPort}/status/200`,
      ),
    );
    await agent.traced(backend.pid, caddy.pid);
    const context = freshContext();
    const response = await fetch(`http://127.0.0.1:${caddyPort}/get?q=1`, {
      headers: { traceparent: traceparentOf(context) },
    });
    const { headers }: { headers: Record<string, string[]> } = await response.json();
    const { frontServer, client, backServer } = chainOf(await traceOf(sink, context.traceId, 3));
    assert.equal(frontServer.parentId, context.spanId);
    assert.deepEqual(headers["Traceparent"], [`00-${context.traceId}-${client.spanId}-01`]);
    assert.equal(backServer.attributes["url.path"], "/get");
    assert.equal(backServer.resource["service.name"], httpbinExe.split("/").at(-1));
  },
);
