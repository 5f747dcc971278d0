/** Keys about what is measured, which spans count, and metrics for scraping. */
import { refine, Type } from "../schema/mod.ts";
import { METRIC_FEATURES } from "./config.ts";
import { UNSUPPORTED_ATTRIBUTES } from "./settings_unsupported.ts";
import {
  BUCKETS,
  duration,
  ebpf,
  GLOB,
  key,
  NAME,
  oneOf,
  PATH,
  section,
  unsupported,
} from "./setting_types.ts";

/** Why keys of both exporters of metrics have no effect. */
export const NO_EFFECT = {
  selfReferences: "calls of a service to itself are always part of the service graph",
  instrumentations: "Tsunagi instruments HTTP only",
  extraSpanAttributes: "there are no span metrics",
  report: "attributes of metrics are chosen with attributes.select",
};

/** Names that stand for every feature. */
export const ALL_FEATURES: readonly string[] = ["*", "all"];
/** Features of Beyla that Tsunagi has no metrics for. */
const UNSUPPORTED_FEATURES = [
  "application_span",
  "application_span_otel",
  "application_span_sizes",
  "application_host",
  "application_process",
  "ebpf",
  "network",
  "network_inter_zone",
  "stats",
  "stats_tcp_rtt",
  "stats_tcp_failed_connections",
] as const;

export const FEATURES = Type.Array(oneOf([...METRIC_FEATURES, ...ALL_FEATURES, ...UNSUPPORTED_FEATURES]));

export const BEYLA_BUCKETS = section({
  duration_histogram: key(BUCKETS, { meaning: "As metrics.duration_buckets", beyla: "same" }),
  request_size_histogram: key(BUCKETS, { meaning: "As metrics.size_buckets", beyla: "same" }),
  response_size_histogram: key(BUCKETS, { meaning: "As metrics.size_buckets", beyla: "same" }),
  gen_ai_client_operation_duration_histogram: unsupported("there are no metrics of GenAI"),
  gen_ai_client_token_usage_histogram: unsupported("there are no metrics of GenAI"),
});

export const PROMETHEUS_EXPORT = section({
  port: key(Type.Integer({ minimum: 0, maximum: 65_535 }), {
    meaning: "Port of its own for scraping; 0: none. /metrics of the status API is always there",
    default: 0,
    env: ebpf("PROMETHEUS_PORT"),
    beyla: "same",
  }),
  host: key(NAME, {
    meaning: "Address that the port listens on",
    default: "0.0.0.0",
  }),
  path: key(PATH, {
    meaning: "Path on that port",
    default: "/metrics",
    env: ebpf("PROMETHEUS_PATH"),
    beyla: "same",
  }),
  features: key(FEATURES, {
    meaning: "As metrics.features; those of all places count",
    env: ebpf("PROMETHEUS_FEATURES"),
    beyla: "same",
  }),
  buckets: Type.Optional(BEYLA_BUCKETS),
  ttl: key(duration(1_000, 604_800_000), {
    meaning: "As metrics.ttl",
    env: ebpf("PROMETHEUS_TTL"),
    beyla: "same",
  }),
  instrumentations: unsupported(NO_EFFECT.instrumentations, ebpf("PROMETHEUS_INSTRUMENTATIONS")),
  allow_service_graph_self_references: unsupported(
    NO_EFFECT.selfReferences,
    ebpf("PROMETHEUS_ALLOW_SERVICE_GRAPH_SELF_REFERENCES"),
  ),
  disable_build_info: unsupported("build information is always there", ebpf("PROMETHEUS_DISABLE_BUILD_INFO")),
  exemplar_filter: unsupported(
    "exemplars are traces that were kept; OpenMetrics shows them",
    ebpf("PROMETHEUS_EXEMPLAR_FILTER"),
  ),
  extra_resource_attributes: unsupported(
    "target_info carries all attributes of the resource",
    ebpf("PROMETHEUS_EXTRA_RESOURCE_ATTRIBUTES"),
  ),
  extra_span_resource_attributes: unsupported(
    NO_EFFECT.extraSpanAttributes,
    ebpf("PROMETHEUS_EXTRA_SPAN_RESOURCE_ATTRIBUTES"),
  ),
  service_cache_size: unsupported("there is no cache of services"),
  report_target: unsupported(NO_EFFECT.report),
  report_peer: unsupported(NO_EFFECT.report),
}, { description: "Metrics for scraping on a port of its own; Beyla's section" });

const MATCH = refine(
  section({
    match: key(GLOB, { meaning: "Glob that the attribute must match", beyla: "same" }),
    not_match: key(GLOB, { meaning: "Glob that it must not match", beyla: "same" }),
  }),
  ({ match, not_match }) => match ?? not_match ? null : "must have match or not_match",
);

export const METRICS = section({
  features: key(FEATURES, {
    meaning: "Families of metrics",
    default: METRIC_FEATURES,
    env: ebpf("METRICS_FEATURES"),
    beyla: "same; Beyla's default is application alone",
  }),
  duration_buckets: key(BUCKETS, {
    meaning: "Upper bounds of the buckets of durations, in seconds; of more than 15, 15 are kept",
    default: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    beyla: "otel_metrics_export.buckets.duration_histogram",
  }),
  size_buckets: key(BUCKETS, {
    meaning: "Upper bounds of the buckets of body sizes, in bytes; of more than 15, 15 are kept",
    default: [0, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192],
    beyla: "otel_metrics_export.buckets.request_size_histogram",
  }),
  max_series: key(Type.Integer({ minimum: 1, maximum: 100_000 }), {
    meaning: "Series of one metric; what is beyond falls into a series marked otel.metric.overflow",
    default: 2_000,
  }),
  ttl: key(duration(1_000, 604_800_000), {
    meaning: "Series of processes that ended are forgotten after this time",
    default: "5m",
    beyla: "otel_metrics_export.ttl, prometheus_export.ttl",
  }),
}, { description: "What is measured, whoever asks for it" });

export const ATTRIBUTES = section({
  select: key(
    Type.Record(
      Type.String(),
      section({
        include: key(Type.Array(GLOB), {
          meaning: "Globs on names of attributes that the metric has; without it, the metric's own choice",
          beyla: "same",
        }),
        exclude: key(Type.Array(GLOB), {
          meaning: "Globs on names of attributes that it does not have",
          default: [],
          beyla: "same",
        }),
      }),
    ),
    {
      meaning: "By glob on a metric's name: the attributes of its series. Names as in OTLP or in Prometheus",
      default: {},
      beyla: "same, but for traces",
    },
  ),
  ...UNSUPPORTED_ATTRIBUTES,
}, { description: "Attributes of metrics" });

export const FILTER = section({
  application: key(Type.Record(Type.String(), MATCH), {
    meaning: "By name of an attribute: spans that do not pass are left out of traces and metrics",
    default: {},
    beyla: "same",
  }),
  network: unsupported("there are no metrics of the network"),
  stats: unsupported("there are no metrics of the network"),
}, { description: "Which spans count" });
