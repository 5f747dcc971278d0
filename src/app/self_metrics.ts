/** The agent's own figures, tsunagi_*, out of what the status API says. Used by the composition root for /metrics. */
import type { SelfMetric } from "../metrics/types.ts";
import type { DecoderList } from "../registry/model.ts";
import type { StatusReport, TargetReport } from "../status/model.ts";
import { LEFT_OUT, LOSSES } from "../support/span_outcomes.ts";

export interface SelfMetricsInput {
  readonly status: StatusReport;
  readonly targets: readonly TargetReport[];
  readonly decoders: DecoderList;
}

/** 0 before they are met: a rate sees only what rises from something. */
const NO_LEFT_OUT = zeroes(LEFT_OUT);
const NO_LOST = zeroes(LOSSES);

export function selfMetrics({ status, targets, decoders }: SelfMetricsInput): SelfMetric[] {
  const { accounting, loader, export: exported, metricsExport, events, service, config } = status;
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
        by("reason", metricsExport.failed),
      ),
      counter("metric_export_retries_total", "Requests that were sent again.", one(metricsExport.retries)),
    ]),
    counter("loader_restarts_total", "Times that the loader was started again.", one(loader.restarts)),
    counter("records_total", "Records that the loader sent.", one(loader.recordsSent)),
    counter("record_bytes_total", "Bytes of records that the loader sent.", one(loader.bytesSent)),
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
    counter("decoder_events_total", "Counters of the decoders.", by("event", status.decoder)),
    counter("decoder_swaps_total", "Decoders that were put in place of others.", one(decoders.swaps.count)),
    gauge("decoders_refused", "Decoders that are listed as refused.", one(decoders.refused.length)),
    counter(
      "red_spans_total",
      "Spans at the measuring stage, by what became of them.",
      by("outcome", { ...status.red }),
    ),
    gauge("targets", "Go processes, by state.", by("state", tally(targets, ({ state }) => state))),
    gauge("probe_sites", "Probed instructions, by price.", by("price", tally(sites, ({ price }) => price))),
  ];
}

type Samples = SelfMetric["samples"];

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
  ...counter(name, help, samples),
  kind: "gauge",
});

function zeroes(reasons: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.keys(reasons).map((reason) => [reason, 0]));
}

function tally<T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}
