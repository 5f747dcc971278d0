/**
 * Families as Prometheus scrapes them: text format 0.0.4, and OpenMetrics 1.0 with exemplars
 * (prometheus.io/docs/instrumenting/exposition_formats). Used by Metrics for /metrics.
 */
import type { Exemplar, Histogram } from "../red/types.ts";
import type { Resource } from "../trace/resource.ts";
import { type Family, type Point, resourceText } from "./families.ts";
import type { SelfMetric } from "./types.ts";

export type Exposition = "prometheus" | "openmetrics";
type Labels = Readonly<Record<string, string | number>>;

/** The whole page. `resources` become target_info. */
export function renderPrometheus(
  { families, resources, self, format }: {
    families: readonly Family[];
    resources: readonly Resource[];
    self: readonly SelfMetric[];
    format: Exposition;
  },
): string {
  const lines: string[] = [];
  for (const family of families) renderFamily(lines, family, format);
  renderTargetInfo(lines, resources, format);
  for (const metric of self) renderSelf(lines, metric, format);
  if (format === "openmetrics") lines.push("# EOF");
  return lines.join("\n") + "\n";
}

function renderSelf(lines: string[], metric: SelfMetric, format: Exposition): void {
  if (metric.samples.length === 0) return;
  const { name, kind, help } = metric;
  head(lines, { name, kind, help, format });
  if (metric.kind !== "histogram") {
    for (const { labels, value } of metric.samples) lines.push(sample(name, labels, value));
    return;
  }
  for (const { labels, value } of metric.samples) {
    renderHistogram(lines, { name, labels, histogram: value, bounds: metric.bounds, format });
  }
}

function renderFamily(lines: string[], family: Family, format: Exposition): void {
  const name = family.prometheusName;
  head(lines, { name, kind: family.bounds === null ? "counter" : "histogram", help: family.help, format });
  for (const point of family.points) {
    const labels = pointLabels(point);
    if (typeof point.value === "number") lines.push(sample(name, labels, point.value));
    else {renderHistogram(lines, {
        name,
        labels,
        histogram: point.value,
        bounds: family.bounds ?? [],
        format,
      });}
  }
}

function renderHistogram(
  lines: string[],
  { name, labels, histogram, bounds, format }: {
    name: string;
    labels: Labels;
    histogram: Histogram;
    bounds: readonly number[];
    format: Exposition;
  },
): void {
  let below = 0;
  for (let i = 0; i <= bounds.length; i++) {
    below += histogram.buckets[i] ?? 0;
    const exemplar = format === "openmetrics" ? histogram.exemplars[i] ?? null : null;
    const le = i < bounds.length ? bound(bounds[i]!, format) : "+Inf";
    lines.push(sample(`${name}_bucket`, { ...labels, le }, below) + exemplarText(exemplar));
  }
  lines.push(sample(`${name}_sum`, labels, histogram.sum), sample(`${name}_count`, labels, histogram.count));
}

function renderTargetInfo(lines: string[], resources: readonly Resource[], format: Exposition): void {
  if (resources.length === 0) return;
  const help = "Attributes of the process that is measured.";
  if (format === "openmetrics") lines.push("# TYPE target info", `# HELP target ${help}`);
  else lines.push(`# HELP target_info ${help}`, "# TYPE target_info gauge");
  for (const resource of resources) {
    const labels: Record<string, string> = {};
    for (const { key, value } of resource.attributes) {
      if (key === "service.instance.id") continue;
      if (typeof value === "string" || typeof value === "bigint") labels[labelName(key)] = String(value);
    }
    lines.push(sample("target_info", { ...labels, ...ownerLabels(resource) }, 1));
  }
}

/** job and instance as the OpenTelemetry compatibility rules and Beyla have them. */
function ownerLabels(resource: Resource): Record<string, string> {
  const namespace = resourceText(resource, "service.namespace");
  return {
    job: namespace === "" ? resource.serviceName : `${namespace}/${resource.serviceName}`,
    instance: resourceText(resource, "service.instance.id"),
    service_name: resource.serviceName,
    service_namespace: namespace,
  };
}

function pointLabels({ resource, attributes, overflow }: Point): Labels {
  const labels: Record<string, string | number> = ownerLabels(resource);
  for (const [key, value] of Object.entries(attributes)) labels[labelName(key)] = value;
  if (overflow) labels[labelName("otel.metric.overflow")] = "true";
  return labels;
}

const labelName = (key: string): string => key.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");

function head(
  lines: string[],
  { name, kind, help, format }: { name: string; kind: string; help: string; format: Exposition },
): void {
  // OpenMetrics names the family of a counter without the suffix of its sample.
  const family = format === "openmetrics" && kind === "counter" ? name.replace(/_total$/, "") : name;
  lines.push(`# HELP ${family} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`);
  lines.push(`# TYPE ${family} ${kind}`);
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeValue(String(text))}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${number(value)}`;
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return "";
  const ms = exemplar.timeUnixNs / 1_000_000n;
  const seconds = `${ms / 1_000n}.${String(ms % 1_000n).padStart(3, "0")}`;
  const { traceId, spanId, value } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${seconds}`;
}

/** OpenMetrics wants bounds with a point: "10.0". */
const bound = (value: number, format: Exposition): string =>
  format === "openmetrics" && Number.isInteger(value) ? `${value}.0` : String(value);

const escapeValue = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const number = (value: number): string =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
