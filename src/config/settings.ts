/**
 * Every key that a configuration may have: one schema, from which the checks, docs/configuration.md, the JSON Schema
 * and the variables come. Own keys are what the stages are configured by (resolve.ts); aliases.ts turns Beyla's into them.
 */
import { type Static, Type } from "../schema/mod.ts";
import { METRICS_EXPORT, OTLP, TRACES_EXPORT } from "./settings_export.ts";
import { GRAFANA } from "./settings_grafana.ts";
import { ATTRIBUTES, FILTER, METRICS, PROMETHEUS_EXPORT } from "./settings_metrics.ts";
import { OUTPUT_KEYS } from "./settings_output.ts";
import { ROUTES } from "./settings_routes.ts";
import { SAMPLER } from "./settings_sampler.ts";
import { DISCOVERY, ENTRY_KEYS, SELECT } from "./settings_select.ts";
import { EBPF, UNSUPPORTED_KEYS } from "./settings_unsupported.ts";
import { BOOLEAN, HOST_PORT, key, NAME, orNull, section, TEXT } from "./setting_types.ts";

export const SETTINGS = section({
  otlp: Type.Optional(OTLP),
  otel_traces_export: Type.Optional(TRACES_EXPORT),
  otel_metrics_export: Type.Optional(METRICS_EXPORT),
  prometheus_export: Type.Optional(PROMETHEUS_EXPORT),
  metrics: Type.Optional(METRICS),
  attributes: Type.Optional(ATTRIBUTES),
  filter: Type.Optional(FILTER),
  routes: Type.Optional(ROUTES),
  sampler: Type.Optional(SAMPLER),
  select: Type.Optional(SELECT),
  discovery: Type.Optional(DISCOVERY),
  ...ENTRY_KEYS,
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
  ...OUTPUT_KEYS,
  grafana: Type.Optional(GRAFANA),
  ebpf: Type.Optional(EBPF),
  ...UNSUPPORTED_KEYS,
}, { title: "Configuration of Tsunagi" });

/** What a source says, checked. */
export type Settings = Static<typeof SETTINGS>;
