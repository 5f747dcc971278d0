/**
 * Reads the OTEL_* variables that mean this agent (OpenTelemetry specification, "Environment variables" and
 * "OTLP exporter"). An empty variable counts as unset. Where the specification wants a wrong value ignored
 * with a warning (names from a list, numbers) it becomes a warning; a wrong URL or header is an error.
 */
import { describeError } from "../support/errors.ts";
import { parseKeyValues } from "../support/key_values.ts";
import { ConfigError } from "./config_error.ts";
import {
  COMPRESSIONS,
  type OtlpConfig,
  type PartialConfig,
  PROTOCOLS,
  SAMPLER_NAMES,
  type SamplerConfig,
} from "./schema.ts";
import * as value from "./value.ts";

/** Every variable that `fromEnv` looks at: what the service needs `--allow-env` for. */
export const ENV_NAMES = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
  "OTEL_EXPORTER_OTLP_COMPRESSION",
  "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
  "OTEL_TRACES_EXPORTER",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
] as const;

type EnvName = typeof ENV_NAMES[number];

/** A variable's text, or undefined where it is not set. */
export type GetEnv = (name: string) => string | undefined;

export interface EnvConfig {
  readonly config: PartialConfig;
  /** One sentence for each value that was ignored. */
  readonly warnings: readonly string[];
}

/** @throws {ConfigError} */
export function fromEnv(getEnv: GetEnv): EnvConfig {
  const warnings: string[] = [];
  const get = (name: EnvName) => getEnv(name)?.trim() || undefined;

  /** The variable's value; wrong ones throw. */
  function strict<T>(name: EnvName, reader: (text: string) => T): T | undefined {
    const text = get(name);
    if (text === undefined) return undefined;
    try {
      return reader(text);
    } catch (error) {
      if (!(error instanceof value.ValueError || error instanceof SyntaxError)) throw error;
      throw new ConfigError(`environment variable ${name}`, describeError(error), { cause: error });
    }
  }

  /** The variable's value; wrong ones are told and count as unset. */
  function lenient<T>(name: EnvName, reader: (text: string) => T): T | undefined {
    try {
      return strict(name, reader);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      warnings.push(`${error.message}; it is ignored`);
      return undefined;
    }
  }

  const timeout = value.integer({ min: 1, max: 600_000 });
  const compression = value.oneOf(COMPRESSIONS);
  const protocol = value.oneOf(PROTOCOLS);
  const headers = (text: string) => value.headers(Object.fromEntries(parseKeyValues(text)));

  const otlp = defined<OtlpConfig>({
    endpoint: strict("OTEL_EXPORTER_OTLP_ENDPOINT", value.httpUrl),
    tracesEndpoint: strict("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value.httpUrl),
    headers: strict("OTEL_EXPORTER_OTLP_TRACES_HEADERS", headers) ??
      strict("OTEL_EXPORTER_OTLP_HEADERS", headers),
    timeoutMs: lenient("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", timeout) ??
      lenient("OTEL_EXPORTER_OTLP_TIMEOUT", timeout),
    compression: lenient("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", compression) ??
      lenient("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
    protocol: lenient("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", protocol) ??
      lenient("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
  });
  // A variable is stronger than the file, so its endpoint also displaces a traces endpoint from there.
  if (otlp.endpoint !== undefined && otlp.tracesEndpoint === undefined) otlp.tracesEndpoint = null;
  if (!exports(get("OTEL_TRACES_EXPORTER"), warnings)) {
    otlp.endpoint = null;
    otlp.tracesEndpoint = null;
  }

  const name = lenient("OTEL_TRACES_SAMPLER", value.oneOf(SAMPLER_NAMES));
  const ratio = lenient("OTEL_TRACES_SAMPLER_ARG", value.ratio);
  // Without its argument, or with a wrong one, a ratio sampler keeps everything.
  const sampler = defined<SamplerConfig>({ name, ratio: name?.endsWith("ratio") ? ratio ?? 1 : ratio });

  return { config: { otlp, sampler }, warnings };
}

/** Whether OTEL_TRACES_EXPORTER leaves the OTLP exporter on. */
function exports(text: string | undefined, warnings: string[]): boolean {
  if (text === undefined) return true;
  const names = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.filter((name) => !["otlp", "none", "console"].includes(name));
  if (unknown.length > 0) {
    warnings.push(
      `Cannot use environment variable OTEL_TRACES_EXPORTER: value is ${value.describe(text)}, ` +
        "must be otlp, console or none; it is ignored",
    );
    return true;
  }
  return names.includes("otlp");
}

/** The entries that have a value. */
function defined<T extends object>(entries: { [Key in keyof T]?: T[Key] | undefined }): Partial<T> {
  const result: Partial<T> = {};
  for (const key of Object.keys(entries) as Array<keyof T>) {
    const entry = entries[key];
    if (entry !== undefined) result[key] = entry as T[keyof T];
  }
  return result;
}
