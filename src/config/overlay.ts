/** Lays the sources over each other, weakest first, and fills in the defaults. Used by load.ts. */
import { showPath, type TSchema } from "../schema/mod.ts";
import type { Origin } from "./config_error.ts";
import { deleteAt, isMap, isSection, leaves, type Path, setAt, type Tree, valueAt } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";
import { says, type Source } from "./source.ts";

/** Keys of a stronger source, and what they displace in weaker ones beside themselves. */
const DISPLACED: ReadonlyArray<readonly [keys: readonly string[], displaced: readonly string[]]> = [
  ...["protocol", "headers", "timeout_ms", "compression", "certificate", "client_certificate", "client_key"]
    .map((name) =>
      [[`otlp.${name}`], [`otel_traces_export.${name}`, `otel_metrics_export.${name}`]] as const
    ),
  // The ratio belongs to the name: without one of its own, a ratio sampler keeps everything.
  [["sampler.name"], ["sampler.ratio"]],
  [["select.exe", "select.ports", "select.pids"], [
    "select",
    "discovery.services",
    "discovery.instrument",
    "open_port",
    "executable_path",
    "auto_target_exe",
    "auto_target_language",
    "target_pids",
    "service_name",
    "service_namespace",
  ]],
];

export interface Merged {
  readonly tree: Tree;
  /** Where the value at `path`, or what is nearest above it, was written; null for a default. */
  originOf(path: Path): { readonly origin: Origin; readonly key: string } | null;
}

/** `sources` as one, weakest first. */
export function overlay(sources: readonly Source[]): Merged {
  const tree: Tree = {};
  const saidBy = new Map<string, Source>();
  for (const source of sources) {
    for (const [keys, displaced] of DISPLACED) {
      if (!keys.some((key) => says(source.tree, key.split(".")))) continue;
      for (const key of displaced) deleteAt(tree, key.split("."));
    }
    for (const { path } of leaves(SETTINGS)) {
      const value = valueAt(source.tree, path);
      if (value === undefined) continue;
      setAt(tree, path, value);
      saidBy.set(showPath(path), source);
    }
  }
  fillDefaults(SETTINGS, tree);
  return {
    tree,
    originOf(path) {
      for (let length = path.length; length > 0; length--) {
        const source = saidBy.get(showPath(path.slice(0, length)));
        if (source) return { origin: source.originOf(path), key: showPath(source.writtenAt(path)) };
      }
      return null;
    },
  };
}

function fillDefaults(schema: TSchema, tree: Tree): void {
  for (const [key, child] of Object.entries<TSchema>(schema.properties)) {
    if (isSection(child)) {
      const section = isMap(tree[key]) ? tree[key] : {};
      fillDefaults(child, section);
      if (Object.keys(section).length > 0) tree[key] = section;
    } else if (tree[key] === undefined && child.default !== undefined) {
      tree[key] = structuredClone(child.default);
    }
  }
}
