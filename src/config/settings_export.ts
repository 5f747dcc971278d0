/** Keys about where traces and metrics go. */
import { Type } from "../schema/mod.ts";
import { COMPRESSIONS, PROTOCOLS, TEMPORALITIES } from "./config.ts";
import { BEYLA_BUCKETS, FEATURES, NO_EFFECT } from "./settings_metrics.ts";
import { BEYLA_SAMPLER } from "./settings_sampler.ts";
import {
  type About,
  BOOLEAN,
  duration,
  ebpf,
  HEADERS,
  key,
  oneOf,
  orNull,
  section,
  TEXT,
  unsupported,
  URL_TEXT,
} from "./setting_types.ts";

const PROTOCOL = oneOf(PROTOCOLS);
const TIMEOUT_MS = Type.Integer({ minimum: 1, maximum: 600_000 });

type Signal = "TRACES" | "METRICS";

/** What both signals have; a signal's own key is the stronger one. */
function transport(signal: Signal | null) {
  /** What the reference says of a key: all of it for both signals, the difference for one. */
  const about = (name: string, env: string, general: Pick<About, "meaning" | "default" | "beyla">): About => {
    const variables = [`OTEL_EXPORTER_OTLP_${signal === null ? "" : `${signal}_`}${env}`];
    if (signal === null) return { ...general, env: variables };
    const own = general.beyla === undefined ? {} : { beyla: "same" };
    return { meaning: `As otlp.${name}, for ${signal.toLowerCase()} alone`, env: variables, ...own };
  };
  return {
    protocol: key(
      PROTOCOL,
      about("protocol", "PROTOCOL", {
        meaning:
          "Where not given, the port decides: grpc for one that ends with 4317, http/protobuf for any other",
        beyla: "otel_traces_export.protocol, otel_metrics_export.protocol",
      }),
    ),
    headers: key(
      HEADERS,
      about("headers", "HEADERS", { meaning: "Headers sent with each request", default: {} }),
    ),
    timeout_ms: key(
      TIMEOUT_MS,
      about("timeout_ms", "TIMEOUT", { meaning: "Time for one request, answer included", default: 10_000 }),
    ),
    compression: key(
      oneOf(COMPRESSIONS),
      about("compression", "COMPRESSION", { meaning: "Compression of requests", default: "none" }),
    ),
    certificate: key(
      orNull(TEXT),
      about("certificate", "CERTIFICATE", {
        meaning:
          "PEM file of the authorities that the collector's certificate is checked with; null: the system's",
        default: null,
      }),
    ),
    client_certificate: key(
      orNull(TEXT),
      about("client_certificate", "CLIENT_CERTIFICATE", {
        meaning: "PEM file of the agent's own certificate",
        default: null,
      }),
    ),
    client_key: key(
      orNull(TEXT),
      about("client_key", "CLIENT_KEY", {
        meaning: "PEM file of the key of client_certificate",
        default: null,
      }),
    ),
  };
}

const SDK_LOG = "there is no SDK whose log could be set";
const VERIFY = "certificates are always verified; name the authority with certificate";

export const OTLP = section({
  endpoint: key(orNull(URL_TEXT), {
    meaning:
      'Base URL of the collector; "/v1/traces" and "/v1/metrics" are added, for grpc its path has no meaning. null: ' +
      "nothing is exported",
    default: null,
    env: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
  }),
  traces_endpoint: key(orNull(URL_TEXT), {
    meaning: "URL for traces, used as it stands",
    env: ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
    beyla: "otel_traces_export.endpoint",
  }),
  metrics_endpoint: key(orNull(URL_TEXT), {
    meaning: "URL for metrics, used as it stands",
    env: ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"],
    beyla: "otel_metrics_export.endpoint",
  }),
  ...transport(null),
  max_queue: key(Type.Integer({ minimum: 1, maximum: 10_000_000 }), {
    meaning: "Spans waiting or on their way; more are lost, and counted. About 600 bytes each",
    // Larger than the 2048 that SDKs use for the one process they live in: an agent carries a whole node.
    default: 32_768,
    env: ["OTEL_BSP_MAX_QUEUE_SIZE"],
    beyla: "otel_traces_export.queue_size",
  }),
  max_batch: key(Type.Integer({ minimum: 1, maximum: 10_000 }), {
    meaning: "Spans of one request",
    default: 512,
    env: ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
    beyla: "otel_traces_export.batch_max_size",
  }),
  delay_ms: key(Type.Integer({ minimum: 0, maximum: 60_000 }), {
    meaning: "Longest time a span waits for company",
    default: 1_000,
    env: ["OTEL_BSP_SCHEDULE_DELAY"],
    beyla: "otel_traces_export.batch_timeout",
  }),
}, { description: "Where traces and metrics go; what holds for both signals" });

export const TRACES_EXPORT = section({
  enabled: key(BOOLEAN, {
    meaning:
      "Whether traces are exported where an endpoint is given; the variable lists exporters, otlp among them",
    default: true,
    env: ["OTEL_TRACES_EXPORTER"],
  }),
  endpoint: key(URL_TEXT, {
    meaning: 'URL for traces; "/v1/traces" is added unless it ends so',
    beyla: "same",
  }),
  ...transport("TRACES"),
  sampler: Type.Optional(BEYLA_SAMPLER),
  queue_size: key(Type.Integer({ minimum: 1, maximum: 10_000_000 }), {
    meaning: "As otlp.max_queue",
    env: ebpf("OTLP_TRACES_QUEUE_SIZE"),
    beyla: "same",
  }),
  max_queue_size: key(Type.Integer({ minimum: 1, maximum: 10_000_000 }), {
    meaning: "As otlp.max_queue",
    env: ebpf("OTLP_TRACES_MAX_QUEUE_SIZE"),
    beyla: "same; older name of queue_size",
  }),
  batch_max_size: key(Type.Integer({ minimum: 1, maximum: 10_000 }), {
    meaning: "As otlp.max_batch",
    env: ebpf("OTLP_TRACES_BATCH_MAX_SIZE"),
    beyla: "same",
  }),
  max_export_batch_size: key(Type.Integer({ minimum: 1, maximum: 10_000 }), {
    meaning: "As otlp.max_batch",
    env: ebpf("OTLP_TRACES_MAX_EXPORT_BATCH_SIZE"),
    beyla: "same; older name of batch_max_size",
  }),
  batch_timeout: key(duration(0, 60_000), {
    meaning: "As otlp.delay_ms",
    env: ebpf("OTLP_TRACES_BATCH_TIMEOUT"),
    beyla: "same",
  }),
  insecure_skip_verify: unsupported(VERIFY, ebpf("OTEL_INSECURE_SKIP_VERIFY", "INSECURE_SKIP_VERIFY")),
  instrumentations: unsupported(
    NO_EFFECT.instrumentations,
    ebpf("OTEL_TRACES_INSTRUMENTATIONS", "TRACES_INSTRUMENTATIONS"),
  ),
  backoff_initial_interval: unsupported(
    "waiting times between tries are fixed",
    ebpf("BACKOFF_INITIAL_INTERVAL"),
  ),
  backoff_max_interval: unsupported("waiting times between tries are fixed", ebpf("BACKOFF_MAX_INTERVAL")),
  backoff_max_elapsed_time: unsupported(
    "waiting times between tries are fixed",
    ebpf("BACKOFF_MAX_ELAPSED_TIME"),
  ),
  reporters_cache_len: unsupported("there is no cache of exporters", ebpf("TRACES_REPORT_CACHE_LEN")),
  otel_sdk_log_level: unsupported(SDK_LOG, ebpf("OTEL_SDK_LOG_LEVEL", "SDK_LOG_LEVEL")),
  export_timeout: unsupported("the time for a request is timeout_ms", ebpf("OTLP_TRACES_EXPORT_TIMEOUT")),
}, { description: "What holds for traces alone; Beyla's section" });

export const METRICS_EXPORT = section({
  enabled: key(BOOLEAN, {
    meaning:
      "Whether metrics are exported where an endpoint is given; the variable lists exporters, otlp among them",
    default: true,
    env: ["OTEL_METRICS_EXPORTER"],
  }),
  endpoint: key(URL_TEXT, {
    meaning: 'URL for metrics; "/v1/metrics" is added where it has no path',
    beyla: "same",
  }),
  ...transport("METRICS"),
  interval: key(duration(100, 3_600_000), {
    meaning: "Time between two exports",
    default: "60s",
    env: [...ebpf("METRICS_INTERVAL"), "OTEL_METRIC_EXPORT_INTERVAL"],
    beyla: "same",
  }),
  temporality: key(oneOf(TEMPORALITIES), {
    meaning: "Whether values count from the start (cumulative) or since the last export (delta)",
    default: "cumulative",
    env: ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"],
  }),
  features: key(FEATURES, {
    meaning: "As metrics.features; those of all places count",
    env: ebpf("OTEL_METRICS_FEATURES"),
    beyla: "same",
  }),
  buckets: Type.Optional(BEYLA_BUCKETS),
  ttl: key(duration(1_000, 604_800_000), {
    meaning: "As metrics.ttl",
    env: ebpf("OTEL_METRICS_TTL", "METRICS_TTL"),
    beyla: "same",
  }),
  histogram_aggregation: key(oneOf(["explicit_bucket_histogram", "base2_exponential_bucket_histogram"]), {
    meaning: "Histograms have explicit buckets, whatever it says",
    env: ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"],
    beyla: "same; base2_exponential_bucket_histogram is not supported",
  }),
  insecure_skip_verify: unsupported(VERIFY),
  instrumentations: unsupported(
    NO_EFFECT.instrumentations,
    ebpf("OTEL_METRICS_INSTRUMENTATIONS", "METRICS_INSTRUMENTATIONS"),
  ),
  allow_service_graph_self_references: unsupported(
    NO_EFFECT.selfReferences,
    ebpf("OTEL_ALLOW_SERVICE_GRAPH_SELF_REFERENCES", "ALLOW_SERVICE_GRAPH_SELF_REFERENCES"),
  ),
  extra_span_resource_attributes: unsupported(
    NO_EFFECT.extraSpanAttributes,
    ebpf("EXTRA_SPAN_RESOURCE_ATTRIBUTES"),
  ),
  reporters_cache_len: unsupported("there is no cache of exporters", ebpf("METRICS_REPORT_CACHE_LEN")),
  otel_sdk_log_level: unsupported(SDK_LOG),
  report_target: unsupported(NO_EFFECT.report, ebpf("METRICS_REPORT_TARGET")),
  report_peer: unsupported(NO_EFFECT.report, ebpf("METRICS_REPORT_PEER")),
}, { description: "What holds for metrics alone; Beyla's section" });
