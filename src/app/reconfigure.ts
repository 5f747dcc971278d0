/** Brings the two exporters to a configuration, both or none. Used by Agent at the start and at each reload. */
import type { Config } from "../config/config.ts";
import type { MetricExporter } from "../export/metric_exporter.ts";
import type { TraceExport } from "../export/trace_export.ts";

export interface Exports {
  readonly traceExport: Pick<TraceExport, "configure">;
  readonly metricExport: Pick<MetricExporter, "configure">;
}

/**
 * @param before what they go by now; absent at the start.
 * @throws {Error} when one of them cannot go by it; then both go by `before`.
 */
export function configureExports(
  { traceExport, metricExport }: Exports,
  next: Config,
  before?: Config,
): void {
  traceExport.configure(next.traces);
  try {
    metricExport.configure(next.metrics);
  } catch (error) {
    if (before) traceExport.configure(before.traces);
    throw error;
  }
}
