import { deepEqual, match } from "node:assert/strict";
import { type AgentStatus, judgeAgent } from "./agent_state.ts";

const GOOD: AgentStatus = {
  version: "0.1.0",
  uptimeSeconds: 7_300,
  loader: {
    state: "running",
    pid: 12,
    restarts: 1,
    recordsSent: 0,
    bytesSent: 0,
    cpuTimeNs: 0,
    residentBytes: 0,
    lastError: null,
    reason: null,
  },
  accounting: {
    begun: 5,
    exported: 5,
    sampledOut: 0,
    leftOut: {},
    lost: { ring_full: 0 },
    inFlight: 0,
    queued: 0,
  },
  export: {
    endpoint: null,
    exported: 5,
    queued: 0,
    lost: {},
    batches: 1,
    retries: 0,
    lastError: null,
    reason: null,
  },
  metricsExport: null,
  config: null,
};

function trouble(parts: Partial<AgentStatus>) {
  return judgeAgent("http://a", { ...GOOD, ...parts }).filter(({ severity }) => severity !== "ok");
}

Deno.test("judgeAgent() has nothing against an agent at work", () => {
  deepEqual(trouble({}), []);
  deepEqual(judgeAgent("http://a", GOOD).map(({ cause }) => cause), [
    "Tsunagi 0.1.0 answers at http://a, up for 2 h",
    "runs as process 12, started again once",
    "5 exported, none lost",
  ]);
});

Deno.test("judgeAgent() names a loader that is down, a configuration that was refused, and losses", () => {
  const reason = { code: "loader-permission", message: "no cap_bpf", remedy: "Run as root" };
  const [loader] = trouble({ loader: { ...GOOD.loader, state: "stopped", reason } });
  deepEqual([loader?.code, loader?.severity, loader?.cause, loader?.remedy], [
    "loader-permission",
    "fail",
    "no cap_bpf",
    "Run as root",
  ]);
  const [silent] = trouble({ loader: { ...GOOD.loader, state: "starting" } });
  deepEqual([silent?.code, silent?.severity], ["loader-not-running", "fail"]);
  deepEqual(trouble({ loader: { ...GOOD.loader, reason } }), [], "one that runs again is no trouble");

  const config = { file: "a.yaml", loadedAt: "2026-01-01T00:00:00Z", error: "a.yaml:1:1: no", warnings: [] };
  const [refused] = trouble({ config });
  deepEqual([refused?.code, refused?.severity], ["config-refused", "fail"]);
  match(refused!.cause, /2026-01-01T00:00:00Z.*\na\.yaml:1:1: no$/);

  const [lost] = trouble({
    accounting: { ...GOOD.accounting, lost: { ring_full: 2, queue_full: 3 } },
    export: { ...GOOD.export, lastError: "refused" },
  });
  deepEqual([lost?.code, lost?.severity], ["spans-lost", "warn"]);
  match(lost!.cause, /lost: 2 ring_full, 3 queue_full; the last failure of the export: refused/);
});

Deno.test("judgeAgent() names what is in the way of each export", () => {
  const reason = { code: "collector-refused", message: "Nothing listens", remedy: "Start it" };
  const metricsExport = {
    endpoint: "http://a/v1/metrics",
    exports: 0,
    points: 0,
    failed: {},
    rejected: 0,
    retries: 1,
    lastError: "it failed",
    reason,
  };
  const findings = trouble({ export: { ...GOOD.export, reason }, metricsExport });
  deepEqual(findings.map(({ severity, code, what, cause }) => [severity, code, what, cause]), [
    ["warn", "collector-refused", "export of traces", "Nothing listens"],
    ["warn", "collector-refused", "export of metrics", "Nothing listens"],
  ]);
});
