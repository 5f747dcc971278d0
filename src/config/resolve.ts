/** Turns checked settings into the Config that the stages use. Called by load.ts. */
import type { Config } from "./config.ts";
import type { Reporter } from "./config_error.ts";
import type { ReadFile } from "./inputs.ts";
import { resolveMetricsExport, resolveTracesExport } from "./resolve_export.ts";
import { withGrafanaCloud } from "./resolve_grafana.ts";
import {
  checkAggregation,
  resolveAttributes,
  resolveBuckets,
  resolveFeatures,
  resolveFilters,
} from "./resolve_measure.ts";
import { resolveSelect } from "./resolve_select.ts";
import type { Settings } from "./settings.ts";
import { durationMs, hostPort } from "./value.ts";

/** `settings` with all defaults filled in; `file` is where they come from. */
export async function resolve(
  settings: Settings,
  { file, readFile, report }: { file: string | null; readFile: ReadFile; report: Reporter },
): Promise<Config> {
  const { prometheus_export, metrics, routes, sampler, store, decoders, log } = settings;
  const { port, host, path } = prometheus_export!;
  checkAggregation(settings, report);
  const exported = withGrafanaCloud(settings, report);
  return deepFreeze({
    file,
    traces: await resolveTracesExport(exported, readFile, report),
    metrics: await resolveMetricsExport(exported, readFile, report),
    measure: {
      features: resolveFeatures(settings, report),
      durationBucketsS: resolveBuckets(settings, "duration_buckets", report),
      sizeBucketsBytes: resolveBuckets(settings, "size_buckets", report),
      maxSeries: metrics!.max_series!,
      attributes: resolveAttributes(settings, report),
      ttlMs: durationMs(metrics!.ttl!),
    },
    prometheus: { listen: port === 0 ? null : { host: host!, port: port! }, path: path! },
    select: resolveSelect(settings, report),
    sampler: { name: sampler!.name!, ratio: sampler!.ratio! },
    routes: {
      patterns: routes!.patterns!,
      ignoredPatterns: routes!.ignored_patterns!,
      ignoreMode: routes!.ignore_mode!,
      unmatched: routes!.unmatched!,
      wildcard: routes!.wildcard_char!,
    },
    filters: resolveFilters(settings, report),
    print: settings.print!,
    listen: hostPort(settings.listen!),
    allowedHosts: settings.allowed_hosts!,
    store: { maxSpans: store!.max_spans!, maxBytes: store!.max_bytes! },
    decoders: {
      directory: decoders!.directory!,
      learn: decoders!.learn!,
      allowNearest: decoders!.allow_nearest!,
    },
    tokenFile: settings.token_file!,
    log: { level: log!.level!, format: log!.format! },
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof RegExp) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
