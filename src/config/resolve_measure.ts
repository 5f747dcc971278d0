/** What is measured, and which spans count: features, attributes of series, filters. Used by resolve.ts. */
import { nearest } from "../support/nearest.ts";
import { GlobError, matchesGlob } from "../support/glob.ts";
import { featuresRemark } from "./aliases.ts";
import { ATTRIBUTE_NAMES, isOfBeyla, METRIC_NAMES, otlpName } from "./attribute_names.ts";
import {
  type AttributeFilter,
  type AttributeSelection,
  METRIC_FEATURES,
  type MetricFeature,
} from "./config.ts";
import type { Reporter } from "./config_error.ts";
import { ALL_FEATURES } from "./settings_metrics.ts";
import { MAX_BOUNDS } from "./setting_types.ts";
import type { Settings } from "./settings.ts";

export function resolveFeatures(settings: Settings, report: Reporter): MetricFeature[] {
  const given = settings.metrics!.features!;
  const remark = featuresRemark(given);
  if (remark !== null) report.warn(["metrics", "features"], remark);
  return METRIC_FEATURES.filter((feature) =>
    given.some((name) => name === feature || ALL_FEATURES.includes(name))
  );
}

/** Upper bounds of histograms; of more than the RED stage has room for, some that are spread over the range. */
export function resolveBuckets(
  settings: Settings,
  name: "duration_buckets" | "size_buckets",
  report: Reporter,
): readonly number[] {
  const bounds = settings.metrics![name]!;
  if (bounds.length <= MAX_BOUNDS) return bounds;
  const kept = new Set(
    Array.from(
      { length: MAX_BOUNDS },
      (_, index) => Math.round(index * (bounds.length - 1) / (MAX_BOUNDS - 1)),
    ),
  );
  const others = bounds.filter((_, index) => !kept.has(index));
  report.warn(
    ["metrics", name],
    `has ${bounds.length} bounds, of which a histogram keeps ${MAX_BOUNDS}; without ${others.join(", ")}`,
  );
  return bounds.filter((_, index) => kept.has(index));
}

export function checkAggregation(settings: Settings, report: Reporter): void {
  const { histogram_aggregation: aggregation } = settings.otel_metrics_export!;
  if (aggregation === undefined || aggregation === "explicit_bucket_histogram") return;
  report.warn(
    ["otel_metrics_export", "histogram_aggregation"],
    `${aggregation} is not supported; histograms have explicit buckets`,
  );
}

export function resolveAttributes(settings: Settings, report: Reporter): AttributeSelection[] {
  const selections: AttributeSelection[] = [];
  // Beyla goes from broad to narrow by sorting names (attr_select.go of OBI): "*", "http.*", "http.client.*".
  const entries = Object.entries(settings.attributes!.select!)
    .sort(([a], [b]) => dotted(a) < dotted(b) ? -1 : 1);
  for (const [metric, { include, exclude }] of entries) {
    const path = ["attributes", "select", metric];
    if (metric === "traces") {
      report.warn(path, "is not supported, and has no effect: attributes of spans are not selected");
      continue;
    }
    const names = metricNames(metric, path, report);
    const read = (globs: readonly string[], key: string) =>
      globs.flatMap((glob, index) => attributeGlobs(glob, [...path, key, index], report));
    for (const name of names) {
      selections.push({
        metric: name,
        include: include === undefined ? null : read(include, "include"),
        exclude: read(exclude ?? [], "exclude"),
      });
    }
  }
  return selections;
}

/** A glob stays one; a name becomes the one of OTLP. */
function metricNames(given: string, path: readonly string[], report: Reporter): readonly string[] {
  try {
    if (METRIC_NAMES.some((name) => matchesGlob(given, name))) return [given];
    const names = METRIC_NAMES.filter((name) => matchesGlob(dotted(given), name.replaceAll("_", ".")));
    if (names.length === 0) report.warn(path, noSuchMetric(given));
    return names;
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    report.error(path, `value is ${JSON.stringify(given)}, must be a glob: ${error.message}`);
    return [];
  }
}

/** Without unit and suffix, as Beyla compares names: "http_server_request_duration_seconds_bucket". */
function dotted(metric: string): string {
  return metric.replaceAll("_", ".")
    .replace(/\.(ratio|bucket|sum|count|total)$/, "").replace(/\.(bytes|seconds)$/, "");
}

function noSuchMetric(given: string): string {
  const near = nearest(given.replaceAll("_", "."), METRIC_NAMES);
  return "has no effect: there is no such metric" + (near === null ? "" : `; did you mean "${near}"?`);
}

/** Globs on names as in OTLP; one on names as in Prometheus becomes the names that it matches. */
function attributeGlobs(glob: string, path: readonly (string | number)[], report: Reporter): string[] {
  if (ATTRIBUTE_NAMES.some((name) => matchesGlob(glob, name))) return [glob];
  const names = ATTRIBUTE_NAMES.filter((name) => matchesGlob(glob, name.replaceAll(".", "_")));
  if (names.length > 0) return names;
  report.warn(path, noSuchAttribute(glob));
  return [];
}

function noSuchAttribute(given: string): string {
  return "no attribute has that name" + meant(given);
}

function meant(given: string): string {
  const near = nearest(given.replaceAll("_", "."), ATTRIBUTE_NAMES);
  return near === null ? "" : `; did you mean "${near}"?`;
}

export function resolveFilters(settings: Settings, report: Reporter): AttributeFilter[] {
  return Object.entries(settings.filter!.application!).flatMap(([given, { match, not_match }]) => {
    const path = ["filter", "application", given];
    const attribute = otlpName(given);
    if (attribute === null) {
      if (isOfBeyla(given)) {
        report.warn(path, "is not supported, and has no effect: spans of HTTP do not have it" + meant(given));
      } else report.error(path, noSuchAttribute(given));
      return [];
    }
    return [{ attribute, match: match ?? null, notMatch: not_match ?? null }];
  });
}
