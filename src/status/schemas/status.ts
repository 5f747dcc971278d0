/** What GET /api/v1/status and the probes answer. */
import { Type } from "../../schema/mod.ts";
import { amount, count, counts, flag, list, named, nullable, oneOf, REASON, text, time } from "./common.ts";

export const KERNEL_REPORT = named(
  "KernelReport",
  Type.Object({
    release: text(),
    hostName: text(),
    cpus: count(),
    features: Type.Object({
      uprobeMulti: flag("Probes of an executable go in one link; without it attaching takes seconds."),
      sockhash: flag(),
      fionreadDefect: flag("ioctl(FIONREAD) answers 0 on a tracked socket: a defect of some kernels."),
      lockdown: nullable(oneOf(["integrity", "confidentiality"]), "Null: off, or it could not be told."),
    }),
  }),
);

export const LOADER_REPORT = named(
  "LoaderReport",
  Type.Object({
    state: oneOf(["starting", "running", "stopped"]),
    pid: nullable(count()),
    restarts: count(),
    recordsSent: count(),
    bytesSent: count(),
    cpuTimeNs: count(),
    residentBytes: count(),
    lastError: nullable(text()),
    reason: nullable(REASON, "Why it does not run, or why the one before ended."),
  }),
);

export const ACCOUNTING = named(
  "Accounting",
  Type.Object({
    begun: count(),
    exported: count("Acknowledged by the collector; with no endpoint: handed to the printer and the store."),
    sampledOut: count(),
    leftOut: counts(
      "Measured, but wanted in no trace: ignored (routes), filtered (filter), not_exported (exports of its process).",
    ),
    lost: counts("By reason."),
    inFlight: Type.Integer(),
    queued: count(),
  }, {
    description:
      "Where every span is. At rest begun = exported + sampledOut + the sums of leftOut and lost; else inFlight " +
      "and queued make up the difference.",
  }),
);

export const EXPORT_REPORT = named(
  "ExportReport",
  Type.Object({
    endpoint: nullable(text("Without user and password."), "Null: nothing is sent."),
    exported: count("Spans or data points that were acknowledged; with no endpoint: handed over."),
    queued: count(),
    lost: counts("By reason."),
    batches: count("Requests that were acknowledged."),
    retries: count(),
    lastError: nullable(text("The newest failure, however long ago.")),
    reason: nullable(REASON, "What is in the way now; null again once the collector takes a request whole."),
  }),
);

export const METRICS_EXPORT_REPORT = named(
  "MetricsExportReport",
  Type.Object({
    endpoint: text("Without user and password."),
    exports: count("Collections that were acknowledged."),
    points: count("Data points of these."),
    failed: counts("Collections given up, by reason; the next one has what they measured."),
    rejected: count("Data points that the collector rejected."),
    retries: count(),
    lastError: nullable(text("The newest failure, however long ago.")),
    reason: nullable(REASON, "What is in the way now; null again once the collector takes a request whole."),
  }),
);

export const CONFIG_STATE = named(
  "ConfigState",
  Type.Object({
    file: nullable(text(), "Null: no file was given."),
    loadedAt: time("When what is in force was read."),
    error: nullable(text(), "Why a newer one is not in force: FILE:LINE:COLUMN: message, a line each."),
    warnings: list(text()),
  }),
);

export const RED_COUNTERS = named(
  "RedCounters",
  Type.Object({
    spans: count(),
    sampled_out: count("Measured, but not sampled."),
    ignored: count("Left out by routes.ignored_patterns."),
    filtered: count("Left out by filter."),
    not_exported: count("Left out since the process exports no traces."),
    unreadable: count("Passed on as they came, unmeasured."),
    unmeasured: count("Measurements that found no series."),
  }),
);

export const SERVICE_PROCESS = named(
  "ServiceProcess",
  Type.Object({
    residentBytes: count(),
    cpuSeconds: nullable(amount(), "Null where it cannot be told."),
  }),
);

export const EVENTS_REPORT = named(
  "EventsReport",
  Type.Object({
    clients: count("Listening now."),
    sent: count("Events handed to a client."),
    dropped: counts(
      "Events that a client did not get: rate (too many spans a second), slow (it did not read).",
    ),
    refused: count("Clients turned away: there were too many."),
    cut: count("Clients cut off: they read nothing for too long."),
  }),
);

export const STATUS_REPORT = named(
  "StatusReport",
  Type.Object({
    version: text(),
    uptimeSeconds: count(),
    kernel: nullable(KERNEL_REPORT, "Null until the loader has said hello."),
    loader: LOADER_REPORT,
    accounting: ACCOUNTING,
    propagation: counts("Outgoing requests, by what became of their header."),
    propagationReason: nullable(
      REASON,
      "Why calls carry no header that should have one; null where next to all have.",
    ),
    probes: counts("Counters of the kernel half that belong to no other part."),
    ringDrops: counts("Spans that found no room in the ring buffer as they began, by the number of the CPU."),
    decoder: counts(),
    decoderFaults: counts("Running decoders that were stopped, by reason."),
    export: EXPORT_REPORT,
    metricsExport: nullable(METRICS_EXPORT_REPORT, "Null where metrics are not sent."),
    store: Type.Object({
      spans: count(),
      bytes: count(),
      evictedSpans: count("Spans that made room for newer ones."),
    }),
    printer: nullable(
      Type.Object({
        printed: count(),
        dropped: count("Not printed: stdout was too slow, or closed, or the span was no span."),
        summarized: count("Not printed: their traces are in the summary of their second."),
        waiting: count("For the rest of their trace, the end of the second, or stdout."),
      }),
    ),
    red: nullable(RED_COUNTERS, "What became of spans at the measuring stage; null where it does not run."),
    config: nullable(CONFIG_STATE),
    events: nullable(EVENTS_REPORT),
    service: nullable(SERVICE_PROCESS, "This process, the loader apart."),
  }),
);

export const HEALTH = named("Health", Type.Object({ status: Type.Literal("ok") }));
export const READY = named("Ready", Type.Object({ status: Type.Literal("ready") }));
