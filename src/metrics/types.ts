/** What the metrics of the agent look like to those that send or show them. Answers are plain JSON. */
import type { Protocol, Temporality } from "../config/config.ts";
import type { Histogram } from "../red/types.ts";

/** Rate, errors and latency of some requests. Latencies are null where there was no request in the window. */
export interface Red {
  /** Since the agent began. */
  readonly requests: number;
  readonly errors: number;
  /** Requests a second in the window. */
  readonly rate: number;
  /** 0 to 1, in the window. */
  readonly errorRate: number;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

export interface RouteReport extends Red {
  readonly method: string;
  /** Null where there is none. */
  readonly route: string | null;
}

/** Points of a sparkline, oldest first, stepSeconds apart, over the last five minutes at most. */
export interface Sparkline {
  readonly rate: readonly number[];
  readonly errorRate: readonly number[];
  readonly p99Ms: readonly (number | null)[];
}

export interface ServiceReport extends Red {
  readonly name: string;
  readonly namespace: string | null;
  /** Processes that run. */
  readonly instances: number;
  readonly history: Sparkline;
  /** Busiest first. */
  readonly routes: readonly RouteReport[];
}

export interface ServicesReport {
  readonly windowSeconds: number;
  readonly stepSeconds: number;
  /** Busiest first. */
  readonly services: readonly ServiceReport[];
}

export interface GraphNode {
  /** "shop/front"; of outside: "external:HOST", of callers that are not traced: "user". */
  readonly id: string;
  readonly name: string;
  readonly kind: "service" | "external" | "user";
}

export interface GraphEdge extends Red {
  readonly from: string;
  readonly to: string;
}

export interface GraphReport {
  readonly windowSeconds: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A figure of the agent itself; `samples` have unlike labels. Named in full: "tsunagi_spans_begun_total". */
export type SelfMetric =
  & { readonly name: string; readonly help: string }
  & (
    | { readonly kind: "counter" | "gauge"; readonly samples: readonly SelfSample<number>[] }
    | {
      readonly kind: "histogram";
      readonly bounds: readonly number[];
      readonly samples: readonly SelfSample<Histogram>[];
    }
  );

export interface SelfSample<Value> {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Value;
}

/** What one export interval sends. */
export interface MetricCollection {
  readonly points: number;
  /** An ExportMetricsServiceRequest. */
  encode(protocol: Protocol): Uint8Array<ArrayBuffer>;
  /** With delta temporality, what was not delivered goes into the next collection. */
  settle(outcome: "delivered" | "failed"): void;
}

/** Where the exporter gets it; null when there is nothing to send. */
export interface MetricSource {
  collect(temporality: Temporality): Promise<MetricCollection | null>;
}

/** What the status API shows of metrics. */
export interface MetricViews {
  services(windowSeconds: number): ServicesReport;
  graph(windowSeconds: number): GraphReport;
  /** All metrics and the agent's own, fresh. */
  render(format: "prometheus" | "openmetrics"): Promise<string>;
}
