/**
 * What the RED stage is told and what it answers. The stage is a WebAssembly module (decoder-as/red) that takes
 * the spans of all decoders in the Worker: it gives each its route, leaves out what rules leave out, and adds it
 * to histograms. src/metrics reads the answers.
 */
import type { AttributeFilter, MeasureConfig, MetricFeature, RouteRules } from "../config/config.ts";

/** What holds for all processes; set at the start and after a reload. Changing buckets or attributes begins new series. */
export interface RedRules {
  readonly measure: Omit<MeasureConfig, "ttlMs">;
  readonly filters: readonly AttributeFilter[];
  /** Routes by number; ProcessRules.routes is an index. */
  readonly routes: readonly RouteRules[];
}

/** What holds for the spans of one process; set before its first span arrives, and again after a reload. */
export interface ProcessRules {
  readonly pid: number;
  /** Names the process in snapshots; never used twice in an agent's life. 1 or more; 0 is "unknown process". */
  readonly resource: number;
  readonly routes: number;
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Whether filters on its resource leave all its spans out. Default false. */
  readonly filtered?: boolean;
}

/** Spans that did not come out of the stage, by why; they count as settled, not as lost. */
export interface RedCounters {
  readonly spans: number;
  /** Measured, but not sampled. */
  readonly sampled_out: number;
  /** routes.ignored_patterns */
  readonly ignored: number;
  /** filter */
  readonly filtered: number;
  /** The process is not to be traced (exports). */
  readonly not_exported: number;
  /** Rows that could not be understood; they come out as they went in, unmeasured. */
  readonly unreadable: number;
  /** Measurements that found no series, not even an overflowing one. */
  readonly unmeasured: number;
}

/** A measured request whose trace is kept. */
export interface Exemplar {
  /** 32 and 16 hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  readonly timeUnixNs: bigint;
}

export interface Histogram {
  readonly count: number;
  readonly sum: number;
  /** One for each bound of the metric, and one beyond; not cumulative. */
  readonly buckets: readonly number[];
  /** The newest of each bucket, null where there is none. */
  readonly exemplars: readonly (Exemplar | null)[];
}

/** OTLP names of the histograms over spans. */
export const RED_METRICS = [
  "http.server.request.duration",
  "http.client.request.duration",
  "http.server.request.body.size",
  "http.server.response.body.size",
  "http.client.request.body.size",
  "http.client.response.body.size",
] as const;
export type RedMetric = typeof RED_METRICS[number];

/** One series of one metric; all are totals since startUnixNs. */
export interface RedSeries {
  readonly metric: RedMetric;
  readonly resource: number;
  /** By OTLP attribute name; empty for the overflowing series. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly overflow: boolean;
  readonly startUnixNs: bigint;
  readonly histogram: Histogram;
}

/** Requests between two services. Totals. A side that is no traced process has resource 0 and a peer's address, or "". */
export interface RedEdge {
  readonly client: number;
  readonly server: number;
  /** Address of the side that is not traced: the called host for resource server 0, the caller's for client 0. */
  readonly peer: string;
  readonly overflow: boolean;
  readonly startUnixNs: bigint;
  readonly requests: number;
  readonly failed: number;
  /** As each side measured it; count 0 where it did not. Buckets of the durations. */
  readonly clientDuration: Histogram;
  readonly serverDuration: Histogram;
  /** Fine buckets, as of RedRoute: of the server's durations where it is traced, else of the client's. */
  readonly latencies: Uint32Array;
}

/**
 * Requests of one service by method, route and failure, for the page: totals, with fine buckets. Bucket i of
 * LATENCY_BUCKETS holds durations up to latencyBoundS(i).
 */
export interface RedRoute {
  readonly resource: number;
  readonly method: string;
  /** "" where there is none. */
  readonly route: string;
  readonly failed: boolean;
  readonly overflow: boolean;
  readonly count: number;
  readonly sumS: number;
  readonly buckets: Uint32Array;
}

/** Buckets grow by 2^(1/8), about 9 %, from 1 µs. */
export const LATENCY_BUCKETS = 256;
export const latencyBoundS = (index: number): number => 1e-6 * 2 ** (index / 8);

/** Everything measured by one stage since it was made. */
export interface RedSnapshot {
  readonly counters: RedCounters;
  readonly series: readonly RedSeries[];
  readonly edges: readonly RedEdge[];
  readonly routes: readonly RedRoute[];
  /** Measurements that fell into an overflowing series, by metric. */
  readonly overflowed: Readonly<Record<string, number>>;
}

export type { MetricFeature };
