/** The agent's own figures, tsunagi_*, out of what the status API says. Used by the composition root for /metrics. */
import type { SelfMetric, SelfSample } from "../metrics/types.ts";
import type { DecoderList } from "../registry/model.ts";
import type { SiteReport, StatusReport, TargetReport } from "../status/model.ts";
import { LEFT_OUT, LOSSES } from "../support/span_outcomes.ts";
import type { AttachTimes, TargetSeries } from "./target_figures.ts";

export interface SelfMetricsInput {
  readonly status: StatusReport;
  readonly targets: readonly TargetReport[];
  readonly targetSpans: readonly TargetSeries[];
  readonly attachTimes: AttachTimes;
  readonly decoders: DecoderList;
}

/** 0 before they are met: a rate sees only what rises from something. */
const NO_LEFT_OUT = zeroes(Object.keys(LEFT_OUT));
const NO_LOST = zeroes(Object.keys(LOSSES));
const NO_FAILURES = zeroes([
  "retries_exhausted",
  "too_large",
  "answer_too_large",
  "collect",
  "replaced",
  "shutdown",
]);
const STATES: readonly TargetReport["state"][] = ["attaching", "traced", "refused", "excluded"];
const PRICES: readonly SiteReport["price"][] = ["optimised", "emulated", "stepped"];
const NO_FAULTS = zeroes(["trapped", "too_slow", "framing", "bad_records"]);

export function selfMetrics(input: SelfMetricsInput): SelfMetric[] {
  const { status, targets, targetSpans, attachTimes, decoders } = input;
  const { accounting, loader, export: exported, metricsExport, events, service, config } = status;
  const { records = 0, bytes = 0, starts = 0, ends = 0, orphans = 0 } = status.decoder;
  const sites = targets.flatMap((target) => target.sites);
  return [
    gauge("build_info", "The release that runs.", [{ labels: { version: status.version }, value: 1 }]),
    gauge("uptime_seconds", "Time since the agent began.", one(status.uptimeSeconds)),
    counter("spans_begun_total", "Spans that the kernel began.", one(accounting.begun)),
    counter("spans_exported_total", "Spans that were acknowledged or handed over.", one(accounting.exported)),
    counter("spans_sampled_out_total", "Spans that the sampler left out.", one(accounting.sampledOut)),
    counter(
      "spans_left_out_total",
      "Spans that are wanted in no trace, by reason.",
      by("reason", { ...NO_LEFT_OUT, ...accounting.leftOut }),
    ),
    counter(
      "spans_lost_total",
      "Spans that were lost, by reason.",
      by("reason", { ...NO_LOST, ...accounting.lost }),
    ),
    counter(
      "target_spans_total",
      "Spans that were handed on, by process.",
      targetSpans.map(({ service, pid, spans }) => ({ labels: { service, pid: String(pid) }, value: spans })),
    ),
    gauge("spans_in_flight", "Spans that have begun and not ended.", one(accounting.inFlight)),
    gauge("export_queue_spans", "Spans waiting for the collector.", one(accounting.queued)),
    counter("export_batches_total", "Requests that the collector acknowledged.", one(exported.batches)),
    counter("export_retries_total", "Requests that were sent again.", one(exported.retries)),
    ...(metricsExport === null ? [] : [
      counter(
        "metric_exports_total",
        "Collections that the collector acknowledged.",
        one(metricsExport.exports),
      ),
      counter("metric_export_points_total", "Data points of these.", one(metricsExport.points)),
      counter(
        "metric_export_rejected_points_total",
        "Data points that were rejected.",
        one(metricsExport.rejected),
      ),
      counter(
        "metric_export_failures_total",
        "Collections given up, by reason.",
        by("reason", { ...NO_FAILURES, ...metricsExport.failed }),
      ),
      counter("metric_export_retries_total", "Requests that were sent again.", one(metricsExport.retries)),
    ]),
    counter("loader_restarts_total", "Times that the loader was started again.", one(loader.restarts)),
    counter("records_total", "Records that the loader handed to the pipe.", one(loader.recordsSent)),
    counter("record_bytes_total", "Bytes of these.", one(loader.bytesSent)),
    counter("records_read_total", "Records that the service read.", one(records)),
    counter("record_bytes_read_total", "Bytes of these.", one(bytes)),
    counter(
      "ring_drops_total",
      "Spans that found no room in the ring buffer as they began, by CPU.",
      by("cpu", status.ringDrops),
    ),
    counter("loader_cpu_seconds_total", "Processor time of the loader.", one(loader.cpuTimeNs / 1e9)),
    gauge("loader_resident_bytes", "Memory of the loader.", one(loader.residentBytes)),
    gauge("service_resident_bytes", "Memory of the service.", one(service?.residentBytes ?? 0)),
    gauge(
      "config_reload_failed",
      "1 while the newest configuration is not in force.",
      one(config?.error ? 1 : 0),
    ),
    gauge("event_clients", "Clients of the event stream.", one(events?.clients ?? 0)),
    counter(
      "events_dropped_total",
      "Events that a client did not get, by reason.",
      by("reason", events?.dropped ?? {}),
    ),
    counter(
      "propagation_total",
      "Outgoing requests, by what became of their header.",
      by("outcome", status.propagation),
    ),
    counter("kernel_events_total", "Counters of the kernel half.", by("event", status.probes)),
    counter("decoder_events_total", "Counters of the decoders.", by("event", { starts, ends, orphans })),
    counter("decoder_swaps_total", "Decoders that were put in place of others.", one(decoders.swaps.count)),
    gauge("decoders_refused", "Decoders that are listed as refused.", one(decoders.refused.length)),
    counter(
      "decoder_faults_total",
      "Running decoders that were stopped, by reason.",
      by("reason", { ...NO_FAULTS, ...status.decoderFaults }),
    ),
    counter(
      "red_spans_total",
      "Spans at the measuring stage, by what became of them.",
      by("outcome", { ...status.red }),
    ),
    gauge(
      "targets",
      "Go processes, by state.",
      by("state", tally(STATES, targets.map(({ state }) => state))),
    ),
    attachDurations(attachTimes),
    gauge(
      "probe_sites",
      "Probed instructions, by the price of a hit.",
      by("price", tally(PRICES, sites.map(({ price }) => price))),
    ),
  ];
}

type Samples = readonly SelfSample<number>[];

const one = (value: number): Samples => [{ labels: {}, value }];

const by = (label: string, values: Readonly<Record<string, number>>): Samples =>
  Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));

const counter = (name: string, help: string, samples: Samples): SelfMetric => ({
  name: `tsunagi_${name}`,
  help,
  kind: "counter",
  samples,
});

const gauge = (name: string, help: string, samples: Samples): SelfMetric => ({
  name: `tsunagi_${name}`,
  help,
  kind: "gauge",
  samples,
});

const attachDurations = ({ analysis, attach }: AttachTimes): SelfMetric => ({
  name: "tsunagi_attach_duration_seconds",
  help: "Time until a process was traced: reading its executable, then putting its probes in place.",
  kind: "histogram",
  bounds: analysis.bounds,
  samples: [
    { labels: { phase: "analysis" }, value: analysis },
    { labels: { phase: "attach" }, value: attach },
  ],
});

function zeroes(reasons: readonly string[]): Record<string, number> {
  return Object.fromEntries(reasons.map((reason) => [reason, 0]));
}

function tally(names: readonly string[], items: readonly string[]): Record<string, number> {
  const counts = zeroes(names);
  for (const name of items) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
