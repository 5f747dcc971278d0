/**
 * Keys of Beyla that mean one of Tsunagi's own: after this, a source speaks of own keys only. Done for each source by
 * itself, so that a stronger source wins whatever name it uses.
 */
import { deleteAt, setAt, valueAt } from "./schema_walk.ts";
import { METRIC_FEATURES } from "./config.ts";
import { showPath } from "../schema/mod.ts";
import { ALL_FEATURES } from "./settings_metrics.ts";
import type { Source } from "./source.ts";
import { durationMs } from "./value.ts";

interface Alias {
  /** Dotted, as in `to`. */
  readonly from: string;
  readonly to: string;
  /** The own key's value. */
  readonly convert?: (value: never) => unknown;
  /** What the conversion leaves behind, or null. */
  readonly remark?: (value: never) => string | null;
  /** What it means when both keys are there and differ. Default "error". */
  readonly conflict?: "warning" | "union";
}

const lower = (text: string) => text.toLowerCase();

/** What Beyla has for each exporter of metrics, and Tsunagi once. */
const EXPORTER_KEYS = ["otel_metrics_export", "prometheus_export"].flatMap((section): Alias[] => [
  { from: `${section}.buckets.duration_histogram`, to: "metrics.duration_buckets", conflict: "warning" },
  { from: `${section}.buckets.request_size_histogram`, to: "metrics.size_buckets", conflict: "warning" },
  { from: `${section}.buckets.response_size_histogram`, to: "metrics.size_buckets", conflict: "warning" },
  { from: `${section}.ttl`, to: "metrics.ttl", conflict: "warning" },
  {
    from: `${section}.features`,
    to: "metrics.features",
    convert: supportedFeatures,
    remark: featuresRemark,
    conflict: "union",
  },
]);

const ALIASES: readonly Alias[] = [
  { from: "otel_traces_export.endpoint", to: "otlp.traces_endpoint", convert: tracesEndpoint },
  { from: "otel_metrics_export.endpoint", to: "otlp.metrics_endpoint", convert: metricsEndpoint },
  { from: "otel_traces_export.queue_size", to: "otlp.max_queue" },
  { from: "otel_traces_export.max_queue_size", to: "otlp.max_queue" },
  { from: "otel_traces_export.batch_max_size", to: "otlp.max_batch" },
  { from: "otel_traces_export.max_export_batch_size", to: "otlp.max_batch" },
  { from: "otel_traces_export.batch_timeout", to: "otlp.delay_ms", convert: durationMs },
  { from: "otel_traces_export.sampler.name", to: "sampler.name" },
  { from: "otel_traces_export.sampler.arg", to: "sampler.ratio", convert: Number },
  ...EXPORTER_KEYS,
  { from: "trace_printer", to: "print", convert: printMode, remark: printRemark },
  { from: "print_traces", to: "print", convert: (on: boolean) => on ? "text" : "off" },
  { from: "log_level", to: "log.level", convert: lower },
  { from: "log_format", to: "log.format", convert: lower },
  { from: "executable_name", to: "executable_path" },
];

/** Turns Beyla's keys of `source` into own ones. */
export function resolveAliases(source: Source): void {
  for (const { from, to, convert, remark, conflict } of ALIASES) {
    const [fromPath, toPath] = [from.split("."), to.split(".")];
    const given = valueAt(source.tree, fromPath);
    if (given === undefined) continue;
    const said = remark?.(given as never) ?? null;
    if (said !== null) source.report("warning", fromPath, said);
    const value = convert === undefined ? given : convert(given as never);
    deleteAt(source.tree, fromPath);
    const other = valueAt(source.tree, toPath);
    if (other === undefined) {
      setAt(source.tree, toPath, value);
      source.noteMove(fromPath, toPath);
    } else if (conflict === "union") {
      setAt(source.tree, toPath, [...new Set([...other as string[], ...value as string[]])]);
    } else if (JSON.stringify(other) !== JSON.stringify(value)) {
      const written = showPath(source.writtenAt(toPath));
      const [severity, message] = conflict === "warning"
        ? ["warning", `has no effect: ${written} says otherwise, and one serves all exporters`] as const
        : ["error", `says otherwise than ${written}, which means the same; keep one`] as const;
      source.report(severity, fromPath, message);
    }
  }
}

/**
 * Beyla adds the signal's path to the endpoint of traces unless it ends so, and to that of metrics where there is no
 * path (pkg/export/otel/otelcfg/config_traces.go and config_metrics.go of OBI).
 */
function tracesEndpoint(text: string): string {
  const url = new URL(text);
  if (!url.pathname.endsWith("/v1/traces")) url.pathname = url.pathname.replace(/\/*$/, "/v1/traces");
  return url.href;
}

function metricsEndpoint(text: string): string {
  const url = new URL(text);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  return url.href;
}

function supportedFeatures(names: readonly string[]): string[] {
  return names.filter((name) => !isUnsupportedFeature(name));
}

/** What there is to say about features that Tsunagi has no metrics for, or null. */
export function featuresRemark(names: readonly string[]): string | null {
  const unsupported = names.filter(isUnsupportedFeature);
  if (unsupported.length === 0) return null;
  return `not supported: ${unsupported.join(", ")}; there are ${METRIC_FEATURES.join(" and ")}`;
}

function isUnsupportedFeature(name: string): boolean {
  return !ALL_FEATURES.includes(name) && !METRIC_FEATURES.some((feature) => feature === name);
}

function printMode(text: string): string {
  return { text: "text", json: "json", json_indent: "json" }[text.toLowerCase()] ?? "off";
}

function printRemark(text: string): string | null {
  switch (text.toLowerCase()) {
    case "json_indent":
      return "json_indent is not supported; spans are printed as json";
    case "counter":
      return "counter is not supported; nothing is printed";
    default:
      return null;
  }
}
