/**
 * The configuration as the stages use it: what file, environment and flags say, put together and checked. Made by
 * load.ts; the keys that users write are in the schema beside it. Frozen: a reload makes another one.
 */
import type { LogFormat, LogLevel } from "../support/log.ts";

export const PRINT_MODES = ["text", "json", "off"] as const;
export const COMPRESSIONS = ["none", "gzip"] as const;
export const PROTOCOLS = ["http/protobuf", "http/json", "grpc"] as const;
export const TEMPORALITIES = ["cumulative", "delta", "lowmemory"] as const;
/** Values of OTEL_TRACES_SAMPLER that an agent can honour before a header is written. */
export const SAMPLER_NAMES = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export const IGNORE_MODES = ["all", "traces", "metrics"] as const;
export const UNMATCHED_MODES = ["unset", "path", "wildcard", "heuristic", "low-cardinality"] as const;
/** Families of metrics, as Beyla names them. */
export const METRIC_FEATURES = ["application", "application_service_graph"] as const;

export type PrintMode = typeof PRINT_MODES[number];
export type Compression = typeof COMPRESSIONS[number];
export type Protocol = typeof PROTOCOLS[number];
export type Temporality = typeof TEMPORALITIES[number];
export type SamplerName = typeof SAMPLER_NAMES[number];
export type IgnoreMode = typeof IGNORE_MODES[number];
export type UnmatchedMode = typeof UNMATCHED_MODES[number];
export type MetricFeature = typeof METRIC_FEATURES[number];

/** How one signal goes to its collector. */
export interface OtlpConfig {
  /** Where requests go, path included ("http://127.0.0.1:4318/v1/traces"); for gRPC, that of the call. Null: the signal is not exported. */
  readonly url: string | null;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
  /** For one request, answer included. */
  readonly timeoutMs: number;
  readonly compression: Compression;
  /** PEM files; null: the system's certificates, no client certificate. */
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  };
}

export interface TracesConfig extends OtlpConfig {
  /** Spans waiting or on their way. */
  readonly maxQueue: number;
  /** Spans of one request. */
  readonly maxBatch: number;
  /** Longest time a span waits for company. */
  readonly delayMs: number;
}

export interface MetricsConfig extends OtlpConfig {
  readonly intervalMs: number;
  readonly temporality: Temporality;
}

/** What is measured, whoever asks for it. */
export interface MeasureConfig {
  readonly features: readonly MetricFeature[];
  /** Upper bounds of the buckets, rising, without +Inf; at most 15. */
  readonly durationBucketsS: readonly number[];
  readonly sizeBucketsBytes: readonly number[];
  /** Series of one metric; what is beyond falls into series marked otel.metric.overflow. */
  readonly maxSeries: number;
  /** By glob on a metric's OTLP name: which attributes its series have. Later ones win, include before exclude. */
  readonly attributes: readonly AttributeSelection[];
  /** Series of processes that ended are forgotten after this time. */
  readonly ttlMs: number;
}

export interface AttributeSelection {
  readonly metric: string;
  /** Globs on attribute names; null: the defaults. */
  readonly include: readonly string[] | null;
  readonly exclude: readonly string[];
}

/** The Prometheus exporter. /metrics of the status API is always there. */
export interface PrometheusConfig {
  /** A port of its own for scraping, or null. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly path: string;
}

/** How server spans without a route of their own get one, and which spans are left out for their path. */
export interface RouteRules {
  /** "/orders/{id}", "/orders/:id" or "/files/*"; the first that matches names the route. */
  readonly patterns: readonly string[];
  readonly ignoredPatterns: readonly string[];
  readonly ignoreMode: IgnoreMode;
  readonly unmatched: UnmatchedMode;
  /** Stands for a segment that varies. */
  readonly wildcard: string;
}

/** Spans that do not pass are left out of traces and metrics. */
export interface AttributeFilter {
  /** "http.route"; one of the resource, such as "k8s.namespace.name", is looked at once for each process. */
  readonly attribute: string;
  /** Globs, as src/support/glob.ts has them. */
  readonly match: string | null;
  readonly notMatch: string | null;
}

/** Decided in the kernel, before the header is written. */
export interface SamplerConfig {
  readonly name: SamplerName;
  /** Share of new traces that the two ratio samplers keep. */
  readonly ratio: number;
}

/** A text that must match: a glob on the whole, or a regular expression found anywhere. */
export type TextMatch =
  | { readonly kind: "glob"; readonly glob: string }
  | { readonly kind: "regex"; readonly regex: RegExp };

/** An entry of discovery.instrument, .services or an exclude list: all that it names must hold. */
export interface SelectRule {
  /** As a message names it: "discovery.services[0]", "--exe". */
  readonly origin: string;
  /** Service name and namespace for what it selects, or null. */
  readonly name: string | null;
  readonly namespace: string | null;
  readonly openPorts: readonly { readonly first: number; readonly last: number }[];
  readonly exePath: TextMatch | null;
  readonly cmdArgs: TextMatch | null;
  readonly languages: TextMatch | null;
  readonly pids: readonly number[];
  readonly containersOnly: boolean;
  readonly containerName: TextMatch | null;
  /** On resource attributes by their OTLP names: "k8s.namespace.name", "k8s.pod.name", "k8s.pod.label.app". */
  readonly kubernetes: readonly { readonly attribute: string; readonly match: TextMatch }[];
  /** Null: as for all. */
  readonly sampler: SamplerConfig | null;
  readonly routes: RouteRules | null;
  /** Null: both signals. */
  readonly exports: readonly ("traces" | "metrics")[] | null;
}

export interface SelectConfig {
  /** Any match selects; empty: every Go process is selected. Name, sampler and so on are of the last that says them. */
  readonly include: readonly SelectRule[];
  readonly exclude: readonly SelectRule[];
  /** Leave out programs that carry an OpenTelemetry SDK with HTTP instrumentation of their own. */
  readonly excludeInstrumented: boolean;
}

/** Which decoders there are beside those that come with Tsunagi. */
export interface DecodersConfig {
  /** Watched for *.wasm; also where pushed ones are kept. It may be missing. */
  readonly directory: string;
  /** Whether a program's own debug information may become a decoder where no other fits it. */
  readonly learn: boolean;
  /** Whether a Go release that no decoder knows gets the nearest one; its spans are marked. */
  readonly allowNearest: boolean;
}

/** Bounds of the recent traces in memory. */
export interface StoreConfig {
  readonly maxSpans: number;
  readonly maxBytes: number;
}

export interface Config {
  /** The file that it was read from, or null. */
  readonly file: string | null;
  readonly traces: TracesConfig;
  readonly metrics: MetricsConfig;
  readonly measure: MeasureConfig;
  readonly prometheus: PrometheusConfig;
  readonly select: SelectConfig;
  readonly sampler: SamplerConfig;
  readonly routes: RouteRules;
  readonly filters: readonly AttributeFilter[];
  readonly print: PrintMode;
  readonly listen: { readonly host: string; readonly port: number };
  /** Names by which the API may be asked for beside localhost and addresses (protection against DNS rebinding). */
  readonly allowedHosts: readonly string[];
  readonly store: StoreConfig;
  readonly decoders: DecodersConfig;
  /** File of the token that changes ask for; null: the agent makes one. TSUNAGI_API_TOKEN is stronger. */
  readonly tokenFile: string | null;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
}
