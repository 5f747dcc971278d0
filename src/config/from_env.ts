/**
 * Reads the variables that SETTINGS names: OTEL_* as OpenTelemetry specifies them, those of Beyla and OBI. An empty
 * variable counts as unset. Where the specification wants a wrong value ignored with a warning (names from a list,
 * numbers) it becomes a warning; a wrong URL, header or file is an error, and so is anything wrong in Beyla's.
 */
import { describeError } from "../support/errors.ts";
import { parseKeyValues } from "../support/key_values.ts";
import { fromText, showPath } from "../schema/mod.ts";
import { resolveAliases } from "./aliases.ts";
import type { GetEnv } from "./expand.ts";
import { deleteAt, leaves, setAt, type Tree } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";
import { Source } from "./source.ts";
import { goBoolean, ValueError } from "./value.ts";

/** Variables that name the file; the first that is set. */
export const FILE_ENV_NAMES = ["TSUNAGI_CONFIG", "BEYLA_CONFIG_PATH", "OTEL_EBPF_CONFIG_PATH"] as const;

const VARIABLES = leaves(SETTINGS).flatMap(({ path, schema }) => {
  const names: readonly string[] = schema["x-env"] ?? [];
  return names.length === 0 ? [] : [{ path, schema, names }];
});

/** Every variable that is looked at. */
export const ENV_NAMES: readonly string[] = [
  ...FILE_ENV_NAMES,
  ...new Set(VARIABLES.flatMap(({ names }) => names)),
];

/** Variables whose text is not what the key would be. */
function convert(name: string, text: string): unknown {
  if (name.endsWith("_HEADERS")) return headers(text);
  switch (name) {
    case "OTEL_TRACES_EXPORTER":
    case "OTEL_METRICS_EXPORTER":
      return exporters(text);
    case "OTEL_METRIC_EXPORT_INTERVAL":
      return /^\d+$/.test(text) ? `${text}ms` : text;
    case "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE":
    case "OTEL_TRACES_SAMPLER":
      return text.toLowerCase();
    default:
      return undefined;
  }
}

function headers(text: string): Record<string, string> {
  try {
    return Object.fromEntries(parseKeyValues(text));
  } catch (error) {
    // Without the text, which is often a secret.
    throw new ValueError(describeError(error), { cause: error });
  }
}

/** Whether "otlp" is among the exporters. */
function exporters(text: string): boolean {
  const names = text.split(",").map((name) => name.trim()).filter(Boolean);
  if (names.every((name) => ["otlp", "none", "console", "prometheus", "logging"].includes(name))) {
    return names.includes("otlp");
  }
  throw new ValueError(`value is ${JSON.stringify(text)}, must be otlp, console, prometheus or none`);
}

const SELECTING = ["open_port", "executable_path", "executable_name", "auto_target_exe", "target_pids"];

/** What the variables say. */
export function fromEnv(getEnv: GetEnv): Source {
  const tree: Tree = {};
  const setBy = new Map<string, string>();
  const source = new Source(tree, (path) => {
    for (let length = path.length; length > 0; length--) {
      const name = setBy.get(showPath(path.slice(0, length)));
      if (name !== undefined) return { name: `environment variable ${name}` };
    }
    return { name: "the environment" };
  });
  for (const { path, schema, names } of VARIABLES) {
    const name = names.find((candidate) => (getEnv(candidate)?.trim() ?? "") !== "");
    if (name === undefined) continue;
    setBy.set(showPath(path), name);
    const text = getEnv(name)!.trim();
    try {
      const truth = schema.type === "boolean" ? goBoolean(text) : null;
      setAt(tree, path, convert(name, text) ?? truth ?? fromText(schema, text));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const lenient = isLenient(name);
      source.report(lenient ? "warning" : "error", path, error.message + (lenient ? "; it is ignored" : ""));
    }
  }
  // The agent's own name, unless a variable selects what else it could be the name of.
  if (setBy.get("service_name") === "OTEL_SERVICE_NAME" && !SELECTING.some((key) => setBy.has(key))) {
    deleteAt(tree, ["service_name"]);
  }
  source.check((path) => isLenient(setBy.get(showPath(path)) ?? ""));
  resolveAliases(source);
  return source;
}

/** What the specification wants to go on without ("Environment variables", "Parsing empty value" and after). */
function isLenient(name: string): boolean {
  return name.startsWith("OTEL_") && !name.startsWith("OTEL_EBPF_") &&
    !/_(ENDPOINT|HEADERS|CERTIFICATE|KEY)$/.test(name);
}
