/** Faults around the agent: its collector, the port of its API, its decoders. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Agent, freePort, type Status } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { diagnose, findingOf, runAgent } from "./doctor.ts";

interface Exports {
  readonly export: ExportState;
  readonly metricsExport: ExportState;
}

interface ExportState {
  readonly lastError: string | null;
  readonly reason: { readonly code: string; readonly message: string; readonly remedy: string } | null;
}

const MODULE = new URL("program", import.meta.url).pathname;

rootTest("doctor and /api/v1/status name a collector that is down", async () => {
  const otlp = `http://127.0.0.1:${freePort()}`;
  const flags = ["--otlp", otlp];
  const { findings } = await diagnose(flags);
  const refused = findings.filter(({ code, severity }) =>
    code === "collector-refused" && severity === "fail"
  );
  // The base URL is for both signals.
  assert.deepEqual(refused.map(({ what }) => what), [
    `traces to ${otlp}/v1/traces`,
    `metrics to ${otlp}/v1/metrics`,
  ]);

  await using server = await Program.start(await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN }));
  await using agent = await Agent.start({
    args: ["--print", "off", "--pid", String(server.pid), ...flags],
    env: { OTEL_METRIC_EXPORT_INTERVAL: "1000" },
  });
  await agent.traced(server.pid);
  assert.equal((await fetch(server.url)).status, 200);
  await eventually(async () => {
    const { export: traces, metricsExport: metrics } = await agent.get<Status & Exports>("/api/v1/status");
    for (const { lastError, reason } of [traces, metrics]) {
      assert.match(lastError ?? "", /Connection refused/);
      assert.deepEqual([reason?.code, reason?.message, reason?.remedy], [
        "collector-refused",
        refused[0]!.cause,
        refused[0]!.remedy,
      ]);
    }
  });
  const asked = await diagnose(flags, { listen: new URL(agent.url).host });
  const met = asked.findings.filter(({ group, code }) => group === "agent" && code === "collector-refused");
  assert.deepEqual(met.map(({ what }) => what), ["export of traces", "export of metrics"]);
});

rootTest("doctor and the agent name a port of the API that is taken by something else", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("{}"),
  );
  const listen = `127.0.0.1:${server.addr.port}`;
  const finding = findingOf(await diagnose([], { listen }), "api-port-taken");
  assert.equal(finding.severity, "fail");
  assert.match(finding.cause, new RegExp(`Cannot listen on ${listen}: another program has this port`));
  const agent = await runAgent([], { listen });
  assert.equal(agent.code, 1);
  assert.ok(agent.stderr.includes(`${finding.cause} [api-port-taken]. ${finding.remedy}`), agent.stderr);
});

rootTest("doctor finds an agent where it listens, and one that listens elsewhere", async () => {
  await using agent = await Agent.start({ args: ["--print", "off"] });
  const { host } = new URL(agent.url);
  const here = await diagnose([], { listen: host });
  const running = here.findings.filter(({ group }) => group === "agent");
  assert.deepEqual(running.map(({ severity, what }) => [severity, what]), [
    ["ok", "agent"],
    ["ok", "loader"],
    ["ok", "spans"],
  ]);
  const elsewhere = await diagnose();
  assert.ok(elsewhere.findings.some(({ code }) => code === "agent-elsewhere"));
});

rootTest("doctor and /api/v1/decoders name a decoder that the gate refuses", async () => {
  using scratch = new ScratchDirectory();
  const file = join(scratch.path, "bad.wasm");
  Deno.writeFileSync(file, Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  const flags = ["--decoders", scratch.path];
  const alone = findingOf(await diagnose(flags), "decoder-without-manifest");
  assert.deepEqual([alone.severity, alone.what], ["fail", file]);

  await using agent = await Agent.start({ args: ["--print", "off", ...flags] });
  const { refused } = await agent.get<{ refused: readonly { origin: string; reason: { code: string } }[] }>(
    "/api/v1/decoders",
  );
  assert.deepEqual(refused.map(({ origin, reason }) => [origin, reason.code]), [[file, alone.code]]);
  const asked = findingOf(await diagnose(flags, { listen: new URL(agent.url).host }), alone.code);
  assert.deepEqual([asked.cause, asked.remedy], [alone.cause, alone.remedy]);
});
