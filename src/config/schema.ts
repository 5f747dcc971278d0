/**
 * The shape of the configuration and its defaults. `load.ts` fills it; the composition root hands its parts
 * to the stages.
 */
import type { LogFormat, LogLevel } from "../support/log.ts";

export const PRINT_MODES = ["text", "json", "off"] as const;
export const COMPRESSIONS = ["none", "gzip"] as const;
export const PROTOCOLS = ["http/protobuf"] as const;
/** Values of OTEL_TRACES_SAMPLER that an agent can honour before a header is written. */
export const SAMPLER_NAMES = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export type PrintMode = typeof PRINT_MODES[number];
export type Compression = typeof COMPRESSIONS[number];
export type Protocol = typeof PROTOCOLS[number];
export type SamplerName = typeof SAMPLER_NAMES[number];

/** Where finished spans go and how. */
export interface OtlpConfig {
  /** Base URL; "/v1/traces" is added. Null: nothing is exported. */
  endpoint: string | null;
  /** URL for traces, used as it stands; wins over `endpoint`. */
  tracesEndpoint: string | null;
  headers: Record<string, string>;
  /** Time for one request, answer included. */
  timeoutMs: number;
  protocol: Protocol;
  compression: Compression;
  /** Spans waiting or on their way. */
  maxQueue: number;
  /** Spans of one request. */
  maxBatch: number;
  /** Longest time a span waits for company. */
  delayMs: number;
}

/** Which of the Go processes are traced: those that match any of these, or all when nothing is listed. */
export interface SelectConfig {
  /** Globs on the whole path of the executable. */
  exe: string[];
  /** TCP ports on which the process listens. */
  ports: number[];
  pids: number[];
}

/** Decided in the kernel, before the header is written. */
export interface SamplerConfig {
  name: SamplerName;
  /** Share of new traces that the two ratio samplers keep. */
  ratio: number;
}

/** Which decoders there are beside those that come with Tsunagi. */
export interface DecodersConfig {
  /** Watched for *.wasm; also where pushed ones are kept. It may be missing. */
  directory: string;
  /** Whether a program's own debug information may become a decoder where no other fits it. */
  learn: boolean;
  /** Whether a Go release that no decoder knows gets the nearest one; its spans are marked. */
  allowNearest: boolean;
}

/** Bounds of the recent traces in memory. */
export interface StoreConfig {
  maxSpans: number;
  maxBytes: number;
}

export interface Config {
  otlp: OtlpConfig;
  print: PrintMode;
  listen: { host: string; port: number };
  select: SelectConfig;
  sampler: SamplerConfig;
  store: StoreConfig;
  decoders: DecodersConfig;
  /** File of the token that changing decoders asks for; null: the agent makes one. TSUNAGI_API_TOKEN is stronger. */
  tokenFile: string | null;
  log: { level: LogLevel; format: LogFormat };
}

/** What a source may say: any part of a configuration. A list or a map replaces the weaker one whole. */
export type PartialConfig = {
  [Section in keyof Config]?: Config[Section] extends string ? Config[Section] : Partial<Config[Section]>;
};

/**
 * The embedded default. `maxQueue` is larger than the 2048 that SDKs use for the one process they live in: an
 * agent carries a whole node, and 50 callers at once already finish more than 2048 spans within one answer
 * time of a collector. At about 600 bytes a span it is 20 MB when full.
 */
export function defaultConfig(): Config {
  return {
    otlp: {
      endpoint: null,
      tracesEndpoint: null,
      headers: {},
      timeoutMs: 10_000,
      protocol: "http/protobuf",
      compression: "none",
      maxQueue: 32_768,
      maxBatch: 512,
      delayMs: 1_000,
    },
    print: "text",
    listen: { host: "127.0.0.1", port: 9810 },
    select: { exe: [], ports: [], pids: [] },
    sampler: { name: "parentbased_always_on", ratio: 1 },
    store: { maxSpans: 50_000, maxBytes: 32 * 1024 * 1024 },
    decoders: { directory: "decoders", learn: true, allowNearest: false },
    tokenFile: null,
    log: { level: "info", format: "text" },
  };
}
