/**
 * Tells files that are YAML and no configuration of this format, and where one is within another file, so that one
 * message says so instead of one for each key. Used by yaml_reader.ts.
 */
import { isMap, isScalar, type YAMLMap } from "yaml";

/** Where charts keep the configuration of Beyla, the longest first. */
const IN_CHARTS = [
  ["autoInstrumentation", "beyla", "config", "data"],
  ["beyla", "config", "data"],
  ["config", "data"],
  ["configmapData"],
] as const;

const VERSION_2 =
  "this is version 2 of OBI's format, OpenTelemetry's declarative configuration, which is not read; use " +
  "the file of version 1 that it was made from, or the keys of docs/configuration.md";

/** What the file is instead, and the key that tells it; null: it may be a configuration. */
export function foreignFormat(root: YAMLMap): { readonly key: string; readonly message: string } | null {
  if (root.has("file_format")) return { key: "file_format", message: VERSION_2 };
  if (root.hasIn(["extensions", "obi"])) return { key: "extensions", message: VERSION_2 };
  if (/^2(\.|$)/.test(String(root.get("version") ?? ""))) return { key: "version", message: VERSION_2 };
  if (root.has("apiVersion") && root.has("kind")) return { key: "kind", message: manifest(root) };
  if (root.has("receivers") && root.has("service")) {
    const message = "this is the configuration of an OpenTelemetry Collector, which is not read; " +
      "give a file with what stands below its receiver, by the keys of docs/configuration.md";
    return { key: "receivers", message };
  }
  return null;
}

function manifest(root: YAMLMap): string {
  const data: unknown = root.get("data", true);
  const [name] = isMap(data) ? data.items.map(({ key }) => isScalar(key) ? String(key.value) : "") : [];
  const inside = root.get("kind") === "ConfigMap" && name
    ? `the text below data.${name}`
    : "the text in its ConfigMap";
  return `this is a Kubernetes manifest (${root.get("kind")}), which is not read; give a file with ${inside}`;
}

export interface ChartValues {
  /** The configuration among them, and the keys that lead there. */
  readonly data: YAMLMap;
  readonly path: readonly string[];
  /** Dotted names of what stands beside it. */
  readonly others: readonly string[];
}

/** The values of a Helm chart with the configuration within; null where they are none. */
export function chartValues(root: YAMLMap): ChartValues | null {
  for (const path of IN_CHARTS) {
    const data: unknown = root.getIn(path, true);
    if (!isMap(data)) continue;
    const others = path.flatMap((name, depth) => {
      const map: unknown = depth === 0 ? root : root.getIn(path.slice(0, depth), true);
      return isMap(map) ? keysBeside(map, name).map((key) => [...path.slice(0, depth), key].join(".")) : [];
    });
    return { data, path, others };
  }
  return null;
}

/** Names of the keys of `map` other than `known`. */
function keysBeside(map: YAMLMap, known: string): string[] {
  return map.items.flatMap(({ key }) => isScalar(key) && key.value !== known ? [String(key.value)] : []);
}
