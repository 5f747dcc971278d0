/**
 * Every key that a configuration may have: one schema, from which the checks, docs/configuration.md, the JSON Schema
 * and the variables come. Own keys are what the stages are configured by (resolve.ts); aliases.ts turns Beyla's into them.
 */
import { type Static, Type } from "../schema/mod.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../support/log.ts";
import { METRIC_FEATURES, PRINT_MODES } from "./config.ts";
import {
  FEATURES,
  METRICS_EXPORT,
  OTLP,
  OUTPUT_KEYS,
  PROMETHEUS_EXPORT,
  SAMPLER,
  TRACES_EXPORT,
} from "./settings_export.ts";
import { DISCOVERY, ENTRY_KEYS, ROUTES, SELECT } from "./settings_select.ts";
import { EBPF, UNSUPPORTED_ATTRIBUTES, UNSUPPORTED_KEYS } from "./settings_unsupported.ts";
import {
  BOOLEAN,
  BUCKETS,
  duration,
  ebpf,
  HOST_PORT,
  key,
  NAME,
  oneOf,
  orNull,
  section,
  TEXT,
  unsupported,
} from "./setting_types.ts";

const MATCH = section({
  match: key(NAME, { meaning: "Glob that the attribute must match", beyla: "same, but for { } and [ ]" }),
  not_match: key(NAME, { meaning: "Glob that it must not match", beyla: "same, but for { } and [ ]" }),
});

const METRICS = section({
  features: key(FEATURES, {
    meaning: "Families of metrics",
    default: METRIC_FEATURES,
    env: ebpf("METRICS_FEATURES"),
    beyla: "same; Beyla's default is application alone",
  }),
  duration_buckets: key(BUCKETS, {
    meaning: "Upper bounds of the buckets of durations, in seconds; at most 15",
    default: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    beyla: "otel_metrics_export.buckets.duration_histogram",
  }),
  size_buckets: key(BUCKETS, {
    meaning: "Upper bounds of the buckets of body sizes, in bytes; at most 15",
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

const ATTRIBUTES = section({
  select: key(
    Type.Record(
      Type.String(),
      section({
        include: key(Type.Array(NAME), {
          meaning: "Globs on names of attributes that the metric has; without it, the metric's own choice",
          beyla: "same",
        }),
        exclude: key(Type.Array(NAME), {
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

export const SETTINGS = section({
  otlp: Type.Optional(OTLP),
  otel_traces_export: Type.Optional(TRACES_EXPORT),
  otel_metrics_export: Type.Optional(METRICS_EXPORT),
  prometheus_export: Type.Optional(PROMETHEUS_EXPORT),
  metrics: Type.Optional(METRICS),
  attributes: Type.Optional(ATTRIBUTES),
  filter: Type.Optional(section({
    application: key(Type.Record(Type.String(), MATCH), {
      meaning: "By name of an attribute: spans that do not pass are left out of traces and metrics",
      default: {},
      beyla: "same",
    }),
    network: unsupported("There are no metrics of the network"),
    stats: unsupported("There are no metrics of the network"),
  }, { description: "Which spans count" })),
  routes: Type.Optional(ROUTES),
  sampler: Type.Optional(SAMPLER),
  select: Type.Optional(SELECT),
  discovery: Type.Optional(DISCOVERY),
  ...ENTRY_KEYS,
  print: key(oneOf(PRINT_MODES), {
    meaning: "Finished spans on stdout: text, json (one span a line), off",
    default: "text",
    beyla: "trace_printer, whose default is disabled",
  }),
  listen: key(HOST_PORT, { meaning: "Address of the status API and the page", default: "127.0.0.1:9810" }),
  allowed_hosts: key(Type.Array(NAME), {
    meaning: "Names by which the status API may be asked for, beside localhost and addresses",
    default: [],
  }),
  store: Type.Optional(section({
    max_spans: key(Type.Integer({ minimum: 0, maximum: 10_000_000 }), {
      meaning: "Spans of recent traces in memory",
      default: 50_000,
    }),
    max_bytes: key(Type.Integer({ minimum: 0, maximum: 1024 * 1024 * 1024 }), {
      meaning: "Bytes of recent traces in memory",
      default: 33_554_432,
    }),
  }, { description: "Recent traces in memory, for the API and the page" })),
  decoders: Type.Optional(section({
    directory: key(TEXT, {
      meaning: "Watched for *.wasm; pushed decoders are kept here. It may be missing",
      default: "decoders",
    }),
    learn: key(BOOLEAN, {
      meaning: "Make a decoder from a program's own debug information where no other fits it",
      default: true,
    }),
    allow_nearest: key(BOOLEAN, {
      meaning: "Take the nearest decoder for a Go release that none knows; its spans are marked",
      default: false,
    }),
  }, { description: "Decoders beside those that come with Tsunagi" })),
  token_file: key(orNull(TEXT), {
    meaning:
      "File of the token that changes ask for; null: the agent makes one. TSUNAGI_API_TOKEN is stronger",
    default: null,
  }),
  log: Type.Optional(section({
    level: key(oneOf(LOG_LEVELS), {
      meaning: "Least severe lines of the agent's own log, which goes to stderr",
      default: "info",
      beyla: "log_level",
    }),
    format: key(oneOf(LOG_FORMATS), { meaning: "Form of a line", default: "text", beyla: "log_format" }),
  }, { description: "The agent's own log, on stderr" })),
  ...OUTPUT_KEYS,
  ebpf: Type.Optional(EBPF),
  ...UNSUPPORTED_KEYS,
}, { title: "Configuration of Tsunagi" });

/** What a source says, checked. */
export type Settings = Static<typeof SETTINGS>;
