/** Turns the state of the stages into what the status API answers. Used by Agent. */
import type { PipelineCounters } from "../decoder/messages.ts";
import type { Target } from "../discovery/target.ts";
import type { DecoderCounters, DecoderUse } from "../registry/model.ts";
import type { MetricExportStats } from "../export/metric_exporter.ts";
import type { ExportStats } from "../export/span_exporter.ts";
import { counterReport } from "../status/counters.ts";
import type {
  Accounting,
  ConfigState,
  EventsReport,
  LoaderReport,
  MetricsExportReport,
  StatusReport,
} from "../status/model.ts";
import { type Reason } from "../support/reason.ts";
import { VERSION } from "../support/version.ts";
import type { SpanPrinterStats } from "../trace/printer.ts";
import type { TraceStoreStats } from "../trace/store.ts";
import type { Hello } from "../wire/hello.ts";
import type { LoaderStats } from "../wire/stats.ts";
import type { PackCounters } from "./session.ts";
import { untrackedReason } from "./untracked_connections.ts";

/** What a status report is made of. */
export interface StatusParts {
  readonly startedMs: number;
  readonly hello: Hello | null;
  readonly loader: LoaderReport;
  readonly accounting: Accounting;
  readonly stats: LoaderStats | null;
  readonly decoders: PipelineCounters | null;
  readonly decoderFaults: Readonly<Record<string, number>>;
  readonly exported: ExportStats;
  readonly endpoint: string | null;
  readonly metricsExport: MetricsExportReport | null;
  readonly store: TraceStoreStats;
  readonly printer: SpanPrinterStats | null;
  readonly config: ConfigState;
  readonly events: EventsReport;
  /** Of this process. */
  readonly residentBytes: number;
}

/** The answer of /api/v1/status. */
export function statusReport(parts: StatusParts): StatusReport {
  const { hello, stats, decoders } = parts;
  const counters = stats ? counterReport(stats.counters) : { propagation: {}, probes: {} };
  return {
    version: VERSION,
    uptimeSeconds: Math.round((Date.now() - parts.startedMs) / 1_000),
    kernel: hello && {
      release: hello.kernelRelease,
      hostName: hello.hostName,
      cpus: hello.cpus,
      features: hello.features,
    },
    loader: parts.loader,
    accounting: parts.accounting,
    ...counters,
    propagationReason: untrackedReason(stats?.counters ?? {}),
    ringDrops: stats?.ringFullByCpu ?? {},
    decoder: {
      records: decoders?.records ?? 0,
      bytes: decoders?.bytes ?? 0,
      starts: decoders?.starts ?? 0,
      ends: decoders?.ends ?? 0,
      orphans: decoders?.orphans ?? 0,
    },
    decoderFaults: parts.decoderFaults,
    export: { ...parts.exported, endpoint: parts.endpoint },
    store: parts.store,
    printer: parts.printer,
    metricsExport: parts.metricsExport,
    red: decoders?.red ?? null,
    config: parts.config,
    events: parts.events,
    service: { residentBytes: parts.residentBytes, cpuSeconds: null },
  };
}

/** What is said of the loader. */
export function loaderReport(options: {
  readonly pid: number | null;
  readonly running: boolean;
  readonly lives: number;
  readonly lastReason: Reason | null;
  readonly stats: LoaderStats | null;
}): LoaderReport {
  const { pid, running, lives, lastReason, stats } = options;
  return {
    state: running ? "running" : lives === 0 && lastReason === null ? "starting" : "stopped",
    pid,
    restarts: Math.max(0, lives - 1),
    recordsSent: stats?.recordsSent ?? 0,
    bytesSent: stats?.bytesSent ?? 0,
    cpuTimeNs: stats?.cpuTimeNs ?? 0,
    residentBytes: stats?.residentBytes ?? 0,
    lastError: lastReason?.message ?? null,
    reason: lastReason,
  };
}

/** What is said of the export of metrics; null where they are not sent. */
export function metricsExportReport(
  endpoint: string | null,
  stats: MetricExportStats,
): MetricsExportReport | null {
  return endpoint === null ? null : { endpoint, ...stats };
}

/** What each decoder does at the moment, by the digest of its pack. */
export function decoderUse(
  targets: readonly Target[],
  packCounters: readonly PackCounters[],
): ReadonlyMap<string, DecoderUse> {
  const use = new Map<string, DecoderUse>();
  for (const { pack: { digest, manifest }, counters } of packCounters) {
    const before = use.get(digest)?.counters;
    use.set(digest, {
      targets: targets.filter(({ state, decoder }) => state === "traced" && decoder === manifest.name).length,
      counters: addCounters(before, {
        starts: counters.starts,
        spans: counters.spans,
        inFlight: counters.inFlight,
        badRecords: counters.lost.bad_record,
      }),
    });
  }
  return use;
}

function addCounters(left: DecoderCounters | null | undefined, right: DecoderCounters): DecoderCounters {
  return {
    starts: (left?.starts ?? 0) + right.starts,
    spans: (left?.spans ?? 0) + right.spans,
    inFlight: (left?.inFlight ?? 0) + right.inFlight,
    badRecords: (left?.badRecords ?? 0) + right.badRecords,
  };
}
