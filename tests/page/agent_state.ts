/** What a made-up agent says of itself: status, decoders, processes. */
import type { DecoderList } from "../../src/registry/model.ts";
import type { StatusReport, TargetReport } from "../../src/status/model.ts";
import type { ServicePlan } from "./plans.ts";

/** An agent in good health that has made so many spans. */
export function statusReport(
  { spans, store }: { spans: number; store: StatusReport["store"] },
): StatusReport {
  return {
    version: "0.1.0",
    uptimeSeconds: 15_127,
    kernel: {
      release: "6.12.48+deb13-amd64",
      hostName: "node-1",
      cpus: 2,
      features: { uprobeMulti: true, sockhash: true, fionreadDefect: false, lockdown: "integrity" },
    },
    loader: {
      state: "running",
      pid: 811,
      restarts: 0,
      recordsSent: 2 * spans,
      bytesSent: 613 * spans,
      cpuTimeNs: 4_200_000_000,
      residentBytes: 5_242_880,
      lastError: null,
      reason: null,
    },
    accounting: {
      begun: spans + 3,
      exported: spans,
      sampledOut: 0,
      leftOut: {},
      lost: {},
      inFlight: 2,
      queued: 1,
    },
    propagation: PROPAGATION,
    propagationReason: null,
    probes: {
      end_without_start: 2,
      lost_queue_full: 0,
      read_fault: 0,
      no_binding: 0,
      process_event_lost: 0,
      link_map_full: 0,
      records: 2 * spans,
      wakeups: 31,
    },
    ringDrops: {},
    decoder: {
      records: 2 * spans,
      bytes: 613 * spans,
      starts: spans,
      ends: spans,
      orphans: 0,
    },
    decoderFaults: {},
    export: {
      endpoint: "http://127.0.0.1:4318/v1/traces",
      exported: spans,
      queued: 1,
      lost: {},
      batches: 12,
      retries: 0,
      lastError: null,
      reason: null,
    },
    metricsExport: null,
    store,
    printer: null,
    red: null,
    config: { file: "/etc/tsunagi.yaml", loadedAt: "2026-03-01T12:00:00Z", error: null, warnings: [] },
    events: null,
    service: { residentBytes: 61_000_000, cpuSeconds: 7.3 },
  };
}

/** Three decoders; the newest traces that many processes. */
export function decoderList(traced: number): DecoderList {
  return {
    decoders: [
      decoder("go1.17-1.20", ">=1.17 <1.21", 0, "bundled"),
      decoder("go1.21-1.25", ">=1.21 <1.26", 0, "bundled"),
      decoder("go1.26-1.27", ">=1.26 <1.28", traced, "bundled", [
        "golang.org/x/net >=0.17.0 <0.48.0",
      ]),
    ],
    refused: [],
    swaps: { count: 0, p50Ms: null, p99Ms: null, maxMs: null, lastMs: null },
  };
}

const PROPAGATION: Readonly<Record<string, number>> = {
  traceparent_accepted: 5_023,
  traceparent_malformed: 0,
  tracestate_too_long: 0,
  parent_goroutine: 4_810,
  parent_context: 1_204,
  parent_creator: 96,
  parent_goid: 0,
  parent_none: 11,
  armed: 6_121,
  injected: 6_102,
  rewritten: 12,
  not_written: 7,
  split: 0,
  push_failed: 0,
  own_header: 0,
  tls: 34,
  no_socket: 0,
  untracked: 0,
  no_http1_connection: 0,
  pending_map_full: 0,
  sockets_tracked: 84,
  socket_track_failed: 0,
  sockets_adopted: 9,
};

function decoder(
  name: string,
  goRange: string,
  targets: number,
  source: DecoderList["decoders"][number]["source"],
  libraries: readonly string[] = [],
): DecoderList["decoders"][number] {
  return {
    name,
    version: "0.1.0",
    goRange,
    libraries,
    digest: name.split("").map((letter) => letter.charCodeAt(0).toString(16)).join("").padEnd(64, "0").slice(
      0,
      64,
    ),
    source,
    state: "active",
    since: "2026-03-01T12:00:00.000Z",
    previous: null,
    targets,
    counters: targets === 0 ? null : { starts: 12_031, spans: 12_028, inFlight: 3, badRecords: 0 },
  };
}

/** One traced process of each service. */
export function tracedTargets(services: readonly ServicePlan[]): TargetReport[] {
  return services.map(({ name }, index) => ({
    pid: 4_000 + index,
    exe: `/srv/bin/${name}`,
    args: [`/srv/bin/${name}`, "--listen", ":8080"],
    containerId: null,
    serviceName: name,
    rule: "discovery.instrument[0]",
    state: "traced",
    reason: null,
    goVersion: "go1.26.8",
    decoder: "go1.26-1.27",
    decoderCheck: index % 2 === 0 ? "dwarf" : "range",
    sites: [
      {
        probe: "server_start",
        symbol: "net/http.serverHandler.ServeHTTP",
        instruction: "push",
        price: "emulated",
        address: "0x6a1b2c",
      },
      {
        probe: "server_end",
        symbol: "net/http.(*response).finishRequest",
        instruction: "push",
        price: "emulated",
        address: "0x6a0c11",
      },
      {
        probe: "goroutine",
        symbol: "runtime.newproc1",
        instruction: "mov",
        price: index % 5 === 3 ? "stepped" : "emulated",
        address: "0x441f03",
      },
    ],
    attachTime: { analysisMs: 84.1, attachMs: 12 },
    spans: 1_009 * (index + 1),
    firstSpanMs: index % 2 === 0 ? 211.5 : null,
  }));
}

/** Processes that are not traced, for all kinds of reasons. */
export const TROUBLED_TARGETS: readonly TargetReport[] = [
  target(5_001, "legacy", "refused", "go1.15.2", {
    code: "go-too-old",
    message: "It was built with Go 1.15.2, and the oldest that is known is 1.17",
    remedy: "Build it with a newer Go",
  }),
  target(5_002, "packed", "refused", null, {
    code: "packed",
    message: "The executable is packed by UPX, so its functions cannot be found",
    remedy: "Deploy it unpacked",
  }),
  target(5_003, "starting", "attaching", "go1.26.8", null),
  target(5_004, "collector", "excluded", "go1.25.1", {
    code: "excluded-by-rule",
    message: "discovery.exclude_services[0] names its executable",
    remedy: "Take the rule out if it should be traced",
  }),
];

function target(
  pid: number,
  name: string,
  state: TargetReport["state"],
  goVersion: string | null,
  reason: TargetReport["reason"],
): TargetReport {
  const exe = `/usr/local/lib/a/rather/deep/place/for/executables/${name}`;
  return {
    pid,
    exe,
    args: [name],
    containerId: "0af7651916cd",
    serviceName: name,
    rule: null,
    state,
    reason,
    goVersion,
    decoder: null,
    decoderCheck: null,
    sites: [],
    attachTime: null,
    spans: 0,
    firstSpanMs: null,
  };
}

/** An agent that has lost spans and refuses its configuration. */
export const TROUBLED_STATUS: Partial<StatusReport> = {
  propagationReason: {
    code: "connections-untracked",
    message: "Calls on 7 connections carry no header: another tool holds them",
    remedy: "Let only one tool write headers",
  },
  accounting: {
    begun: 120_134,
    exported: 118_000,
    sampledOut: 12,
    leftOut: { ignored: 100 },
    lost: { queue_full: 1_800, ring_full: 3, http_400: 200 },
    inFlight: 12,
    queued: 7,
  },
  config: {
    file: "/etc/tsunagi.yaml",
    loadedAt: "2026-03-01T12:00:00Z",
    error:
      '/etc/tsunagi.yaml:12:3: there is no key "otel_trace_export"; did you mean "otel_traces_export"?\n' +
      "/etc/tsunagi.yaml:14:7: must be a number",
    warnings: ["network.enable is a key of Beyla's that is not supported"],
  },
};
