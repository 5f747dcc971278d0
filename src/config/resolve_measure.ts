/** What is measured, and which spans count: features, attributes of series, filters. Used by resolve.ts. */
import { nearest } from "../support/nearest.ts";
import { matchesGlob } from "../support/glob.ts";
import { featuresRemark } from "./aliases.ts";
import { ATTRIBUTE_NAMES, isResourceAttribute, METRIC_NAMES, otlpName } from "./attribute_names.ts";
import {
  type AttributeFilter,
  type AttributeSelection,
  METRIC_FEATURES,
  type MetricFeature,
} from "./config.ts";
import type { Reporter } from "./resolve.ts";
import { ALL_FEATURES } from "./settings_metrics.ts";
import type { Settings } from "./settings.ts";

export function resolveFeatures(settings: Settings, report: Reporter): MetricFeature[] {
  const given = settings.metrics!.features!;
  const remark = featuresRemark(given);
  if (remark !== null) report.warn(["metrics", "features"], remark);
  return METRIC_FEATURES.filter((feature) =>
    given.some((name) => name === feature || ALL_FEATURES.includes(name))
  );
}

export function resolveAttributes(settings: Settings, report: Reporter): AttributeSelection[] {
  const selections: AttributeSelection[] = [];
  for (const [metric, { include, exclude }] of Object.entries(settings.attributes!.select!)) {
    const path = ["attributes", "select", metric];
    if (metric === "traces") {
      report.warn(path, "is not supported, and has no effect: attributes of spans are not selected");
      continue;
    }
    const names = metricNames(metric);
    if (names.length === 0) {
      report.warn(path, noSuchMetric(metric));
      continue;
    }
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
function metricNames(given: string): readonly string[] {
  if (METRIC_NAMES.some((name) => matchesGlob(given, name))) return [given];
  // As Prometheus has it, with unit and suffix: http_server_request_duration_seconds_bucket.
  const plain = given.replace(/_(bucket|sum|count|total)$/, "").replace(/_(seconds|bytes)$/, "");
  return METRIC_NAMES.filter((name) =>
    [plain, given].some((glob) => matchesGlob(glob, name.replaceAll(".", "_")) || matchesGlob(glob, name))
  );
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
  const near = nearest(given.replaceAll("_", "."), ATTRIBUTE_NAMES);
  return "no attribute has that name" + (near === null ? "" : `; did you mean "${near}"?`);
}

export function resolveFilters(settings: Settings, report: Reporter): AttributeFilter[] {
  return Object.entries(settings.filter!.application!).flatMap(([given, { match, not_match }]) => {
    const path = ["filter", "application", given];
    if (match === undefined && not_match === undefined) {
      report.error(path, "must have match or not_match");
      return [];
    }
    const attribute = otlpName(given);
    if (attribute === null) {
      report.error(path, noSuchAttribute(given));
      return [];
    }
    if (isResourceAttribute(attribute)) {
      report.warn(path, "is not supported, and has no effect: only attributes of spans are looked at");
      return [];
    }
    return [{ attribute, match: match ?? null, notMatch: not_match ?? null }];
  });
}
