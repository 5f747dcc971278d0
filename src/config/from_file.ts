/** Reads the YAML configuration file. Every mistake is named with file, key path and the nearest known key. */
import { parse } from "@std/yaml";
import { LOG_FORMATS, LOG_LEVELS } from "../support/log.ts";
import { describeError } from "../support/errors.ts";
import { nearest } from "../support/nearest.ts";
import { ConfigError } from "./config_error.ts";
import { COMPRESSIONS, type PartialConfig, PRINT_MODES, PROTOCOLS, SAMPLER_NAMES } from "./schema.ts";
import * as value from "./value.ts";

type Schema = { readonly [key: string]: value.ValueReader<unknown> | Schema };

const MAX_PID = 4_194_304;
const port = value.integer({ min: 1, max: 65_535 });

/** The keys that a file may have: the tree of `Config` in snake_case, except that `listen` is written HOST:PORT. */
const SCHEMA: Schema = {
  otlp: {
    endpoint: value.orNull(value.httpUrl),
    traces_endpoint: value.orNull(value.httpUrl),
    headers: value.headers,
    timeout_ms: value.integer({ min: 1, max: 600_000 }),
    protocol: value.oneOf(PROTOCOLS),
    compression: value.oneOf(COMPRESSIONS),
    max_queue: value.integer({ min: 1, max: 10_000_000 }),
    max_batch: value.integer({ min: 1, max: 10_000 }),
    delay_ms: value.integer({ min: 0, max: 60_000 }),
  },
  print: value.oneOf(PRINT_MODES),
  listen: value.hostPort,
  select: {
    exe: value.listOf(value.text),
    ports: value.listOf(port),
    pids: value.listOf(value.integer({ min: 1, max: MAX_PID })),
  },
  sampler: { name: value.oneOf(SAMPLER_NAMES), ratio: value.ratio },
  store: {
    max_spans: value.integer({ min: 0, max: 10_000_000 }),
    max_bytes: value.integer({ min: 0, max: 1024 * 1024 * 1024 }),
  },
  decoders: { directory: value.text, learn: value.truth, allow_nearest: value.truth },
  token_file: value.orNull(value.text),
  log: { level: value.oneOf(LOG_LEVELS), format: value.oneOf(LOG_FORMATS) },
};

/**
 * What `content`, the text of file `path`, says. An empty file says nothing.
 *
 * @throws {ConfigError}
 */
export function fromFile(path: string, content: string): PartialConfig {
  let document: unknown;
  try {
    document = parse(content);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ConfigError(`file ${path}`, `it is not YAML: ${describeError(cause)}`, { cause });
  }
  if (document === null || document === undefined) return {};
  // SCHEMA mirrors Config; the test "fromFile() reads every key" holds the two together.
  return read(document, SCHEMA, path, []) as PartialConfig;
}

function read(node: unknown, schema: Schema, path: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof node !== "object" || node === null || Array.isArray(node)) {
    const source = keys.length === 0 ? `file ${path}` : keySource(path, keys);
    throw new ConfigError(source, `value is ${value.describe(node)}, must be a map of keys`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node)) {
    const at = [...keys, key];
    if (!Object.hasOwn(schema, key)) {
      throw new ConfigError(keySource(path, at), unknownKey(key, schema, keys));
    }
    const reader = schema[key]!;
    if (typeof reader !== "function") {
      // "otlp:" with nothing below it is a section whose keys are all commented out.
      result[camelCase(key)] = child === null ? {} : read(child, reader, path, at);
      continue;
    }
    try {
      result[camelCase(key)] = reader(child);
    } catch (error) {
      if (!(error instanceof value.ValueError)) throw error;
      throw new ConfigError(keySource(path, at), error.message, { cause: error });
    }
  }
  return result;
}

/** "max_queue" is maxQueue in `Config`. */
function camelCase(key: string): string {
  return key.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
}

function unknownKey(key: string, schema: Schema, keys: readonly string[]): string {
  const known = Object.keys(schema);
  const near = nearest(key, known);
  if (near !== null) return `there is no such key; did you mean "${[...keys, near].join(".")}"?`;
  return `there is no such key; known here: ${known.join(", ")}`;
}

function keySource(path: string, keys: readonly string[]): string {
  return `key "${keys.join(".")}" in file ${path}`;
}
