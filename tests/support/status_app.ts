/**
 * The real status API over made-up stages: a real TraceStore with the traces of a shop, a real EventHub, a real
 * configuration. For tests of the API and of what asks it.
 */
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { MetricViews, Red } from "../../src/metrics/types.ts";
import type { DecoderChange, DecoderDetail, DecoderList } from "../../src/registry/model.ts";
import { createStatusApp, type StatusApp, type StatusAppOptions } from "../../src/status/app.ts";
import { EventHub } from "../../src/status/events.ts";
import type { ConfigState, StatusReport, TargetReport } from "../../src/status/model.ts";
import { createLogger } from "../../src/support/log.ts";
import type { Reason } from "../../src/support/reason.ts";
import { TraceStore } from "../../src/trace/store.ts";
import { fakePack } from "./pack.ts";
import { shopTrace } from "./shop_traces.ts";

export const TOKEN = "0123456789abcdef-secret";

export const STATUS: StatusReport = {
  version: "0.1.0",
  uptimeSeconds: 7,
  kernel: {
    release: "6.18.44",
    hostName: "node-1",
    cpus: 2,
    features: { uprobeMulti: true, sockhash: true, fionreadDefect: false, lockdown: "integrity" },
  },
  loader: {
    state: "running",
    pid: 11,
    restarts: 0,
    recordsSent: 23,
    bytesSent: 1009,
    cpuTimeNs: 5,
    residentBytes: 4096,
    lastError: null,
    reason: null,
  },
  accounting: {
    begun: 10,
    exported: 5,
    sampledOut: 2,
    leftOut: {},
    lost: { queue_full: 1 },
    inFlight: 1,
    queued: 1,
  },
  propagation: { injected: 3 },
  propagationReason: null,
  probes: {},
  ringDrops: { "1": 3 },
  decoder: { records: 23 },
  decoderFaults: {},
  export: {
    endpoint: null,
    exported: 5,
    queued: 0,
    lost: {},
    batches: 0,
    retries: 0,
    lastError: null,
    reason: null,
  },
  store: { spans: 2, bytes: 300, evictedSpans: 0 },
  printer: null,
  metricsExport: null,
  red: null,
  config: { file: null, loadedAt: "2026-01-02T03:04:05.678Z", error: null, warnings: [] },
  events: null,
  service: { residentBytes: 60_000_000, cpuSeconds: 1.5 },
};

export const TARGETS: readonly TargetReport[] = [{
  pid: 7,
  exe: "/bin/front",
  args: ["front", "--token", "***"],
  containerId: null,
  serviceName: "front",
  state: "refused",
  rule: "discovery.instrument[0]",
  reason: { code: "packed", message: "It is packed by UPX", remedy: "Unpack it" },
  goVersion: null,
  decoder: null,
  decoderCheck: null,
  sites: [],
  attachTime: null,
  spans: 0,
  firstSpanMs: null,
}, {
  pid: 8,
  exe: "/bin/back",
  args: ["back"],
  containerId: "0123456789ab",
  serviceName: "back",
  state: "traced",
  rule: null,
  reason: null,
  goVersion: "go1.26.8",
  decoder: "go1.26",
  decoderCheck: "dwarf",
  sites: [{
    probe: "server_start",
    symbol: "net/http.serverHandler.ServeHTTP",
    instruction: "push",
    price: "emulated",
    address: "0x6a1b2c",
  }],
  attachTime: { analysisMs: 84.1, attachMs: 12 },
  spans: 1_009,
  firstSpanMs: 211.5,
}];

const ENTRY: DecoderList["decoders"][number] = {
  name: "go1.26",
  version: "1.0.0",
  goRange: ">=1.26 <1.27",
  libraries: ["golang.org/x/net >=0.17.0 <0.48.0"],
  digest: "00",
  source: "pushed",
  state: "active",
  since: "2026-01-02T03:04:05.678Z",
  previous: { version: "0.9.0", digest: "01", source: "bundled" },
  targets: 2,
  counters: { starts: 7, spans: 5, inFlight: 2, badRecords: 0 },
};
export const DECODERS: DecoderList = {
  decoders: [ENTRY],
  refused: [{
    name: null,
    version: null,
    origin: "decoders/odd.wasm",
    digest: null,
    at: "2026-01-02T03:04:05.678Z",
    reason: { code: "decoder-golden-mismatch", message: "It is wrong", remedy: "Do otherwise" },
  }],
  swaps: { count: 1, p50Ms: 1.5, p99Ms: 1.5, maxMs: 1.5, lastMs: 1.5 },
};
export const DETAIL: DecoderDetail = {
  ...ENTRY,
  manifest: fakePack({
    plans: [{ probe: 0, ops: [{ code: 1, string: 0, source: 2, add: 3, length: 4 }] }],
    layout: { g_goid: 152 },
  }).manifest,
};
export const CHANGE: DecoderChange = {
  decoder: ENTRY,
  unchanged: false,
  persisted: true,
  swap: { gateMs: 11, stageMs: 2, swapMs: 1, executables: 3 },
};

const RED: Red = {
  requests: 100,
  errors: 10,
  rate: 1.5,
  errorRate: 0.1,
  p50Ms: 30,
  p90Ms: null,
  p99Ms: 59.5,
};

/** Figures that do not move, in every shape that there is. */
export const METRICS: MetricViews = {
  services: (windowSeconds) => ({
    windowSeconds,
    stepSeconds: 10,
    services: [{
      name: "front",
      namespace: null,
      instances: 1,
      ...RED,
      history: { rate: [0, 1.5], errorRate: [0, 0.1], p99Ms: [null, 59.5] },
      routes: [{ method: "GET", route: "/shop/{id}", ...RED }, { method: "GET", route: null, ...RED }],
    }],
  }),
  graph: (windowSeconds) => ({
    windowSeconds,
    nodes: [
      { id: "user", name: "user", kind: "user" },
      { id: "front", name: "front", kind: "service" },
      { id: "external:back", name: "back", kind: "external" },
    ],
    edges: [{ from: "user", to: "front", ...RED }, { from: "front", to: "external:back", ...RED }],
  }),
  render: (format) => Promise.resolve(format === "openmetrics" ? "# EOF\n" : "tsunagi_up 1\n"),
};

export const STATE: ConfigState = {
  file: "agent.yaml",
  loadedAt: "2026-01-02T03:04:05.678Z",
  error: null,
  warnings: ["agent.yaml:3:1: setting ignored"],
};

export function refusal(code: string): Reason {
  return { code, message: `It is ${code}`, remedy: "Do otherwise" };
}

/** Everything that there is, secrets too. */
const CONFIG_FILE = `
otel_traces_export:
  endpoint: http://127.0.0.1:4318
otel_metrics_export:
  endpoint: http://127.0.0.1:4318
discovery:
  instrument:
    - { open_ports: "8080,9000-9005", exe_path: "*/front", name: front }
`;

export const CONFIG: Config = (await loadConfig({
  flags: { config: "agent.yaml" },
  getEnv: (name) => name === "OTEL_EXPORTER_OTLP_HEADERS" ? "authorization=header-secret" : undefined,
  readFile: () => Promise.resolve(CONFIG_FILE),
})).config;

export interface StatusAppFixture {
  readonly app: StatusApp;
  readonly store: TraceStore;
  readonly hub: EventHub;
  readonly logged: string[];
}

/** `shopTraces` of the shop are in the store. */
export function makeStatusApp(
  { shopTraces = 0, ...change }: Partial<StatusAppOptions> & { readonly shopTraces?: number } = {},
): StatusAppFixture {
  const logged: string[] = [];
  const log = createLogger({ write: (line) => logged.push(line) });
  const store = new TraceStore({ maxSpans: 10_007, maxBytes: 10_000_019 });
  for (let number = 1; number <= shopTraces; number++) {
    for (const { resource, batch } of shopTrace(number)) store.add(resource, batch);
  }
  const hub = new EventHub({ log });
  const app = createStatusApp({
    status: () => STATUS,
    targets: () => ({ targets: TARGETS, unmatchedRules: [], loader: null }),
    traces: store,
    ready: () => ({ ready: true }),
    metrics: METRICS,
    events: hub,
    config: { current: () => CONFIG, state: () => STATE, reload: () => Promise.resolve(STATE) },
    decoders: {
      list: () => Promise.resolve(DECODERS),
      get: (name) => Promise.resolve(name === DETAIL.name ? DETAIL : refusal("decoder-unknown")),
      put: () => Promise.resolve(CHANGE),
      rollback: () => Promise.resolve(CHANGE),
    },
    token: TOKEN,
    log,
    ...change,
  });
  return { app, store, hub, logged };
}
