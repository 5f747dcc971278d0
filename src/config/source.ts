/**
 * One source of settings (file, environment, flags) while it is read: its tree, where each value was written, and what
 * is wrong with it.
 */
import { check, type Problem, showPath, type TSchema } from "../schema/mod.ts";
import type { ConfigProblem, Origin } from "./config_error.ts";
import { childrenAt, deleteAt, isMap, leaves, type Path, type Tree, valueAt } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";

export class Source {
  readonly tree: Tree;
  readonly problems: ConfigProblem[] = [];
  readonly #originOf: (path: Path, of: "key" | "value") => Origin;
  /** Where nothing is worth telling. */
  readonly #isMuted: (path: Path) => boolean;
  /** Keys that stand for others, by those. */
  readonly #movedFrom = new Map<string, Path>();

  constructor(
    tree: Tree,
    originOf: (path: Path, of: "key" | "value") => Origin,
    { isMuted = () => false }: { isMuted?: (path: Path) => boolean } = {},
  ) {
    this.tree = tree;
    this.#originOf = originOf;
    this.#isMuted = isMuted;
  }

  /** Where the value at `path` was written, though it stood at another key. */
  originOf(path: Path, of: "key" | "value" = "value"): Origin {
    return this.#originOf(this.writtenAt(path), of);
  }

  /** The path as the user wrote it. */
  writtenAt(path: Path): Path {
    return this.#movedFrom.get(showPath(path)) ?? path;
  }

  /** From now on what is at `to` came from `from`. */
  noteMove(from: Path, to: Path): void {
    this.#movedFrom.set(showPath(to), from);
  }

  report(severity: "error" | "warning", path: Path, message: string, of: "key" | "value" = "value"): void {
    if (this.#isMuted(this.writtenAt(path))) return;
    const origin = this.originOf(path, of);
    const key = showPath(this.writtenAt(path));
    this.problems.push({
      severity,
      origin,
      message: "file" in origin && key !== "" ? `${key}: ${message}` : message,
    });
  }

  /**
   * Holds the tree against SETTINGS. Wrong values are reported and taken out, so that what is left can be used to find
   * further mistakes. With `lenient`, a wrong value for which it holds is a warning.
   */
  check(lenient: (path: Path) => boolean = () => false): void {
    const problems = check(SETTINGS, this.tree);
    for (const { path, kind, message } of problems) {
      if (lenient(path)) this.report("warning", path, `${message}; it is ignored`);
      else if (kind === "unknown-key") this.report("error", path, unknownKey(path, message), "key");
      else this.report("error", path, message + remedy(path, message));
    }
    // Backwards, so that the indexes of lists stay what they are.
    for (const problem of problems.reverse()) this.#remove(problem);
    this.#warnOfUnsupported(this.tree, [SETTINGS], []);
  }

  #remove({ path }: Problem): void {
    // A list with a wrong entry goes as a whole.
    const list = path.findIndex((part) => typeof part === "number");
    const keys = path.slice(0, list < 0 ? path.length : list);
    if (keys.length > 0) deleteAt(this.tree, keys as string[]);
    else for (const key of Object.keys(this.tree)) delete this.tree[key];
  }

  #warnOfUnsupported(value: unknown, schemas: Parameters<typeof childrenAt>[0], path: Path): void {
    const entries = isMap(value) ? Object.entries(value) : Array.isArray(value) ? [...value.entries()] : [];
    const byReason = new Map<string, Path[]>();
    for (const [key, child] of entries) {
      const at = [...path, key];
      const children = childrenAt(schemas, key);
      const [schema] = children;
      if (schema?.["x-unsupported"] === true) {
        const reason = schema.description ?? "";
        byReason.set(reason, [...byReason.get(reason) ?? [], at]);
        if (typeof key === "string") deleteAt(this.tree, at as string[]);
      } else this.#warnOfUnsupported(child, children, at);
    }
    for (const [reason, paths] of byReason) this.#warnOfGroup(reason, paths);
  }

  /** Keys of one map that have no effect for one reason; in a file one warning is enough for them. */
  #warnOfGroup(reason: string, paths: readonly Path[]): void {
    const [first, ...others] = paths as [Path, ...Path[]];
    if (others.length === 0 || !("file" in this.originOf(first, "key"))) {
      for (const at of paths) {
        this.report("warning", at, `is not supported, and has no effect: ${reason}`, "key");
      }
      return;
    }
    const nor = `nor ${others.length === 1 ? "is" : "are"} ${others.map((at) => at.at(-1)).join(", ")}`;
    this.report("warning", first, `is not supported, ${nor}; they have no effect: ${reason}`, "key");
  }
}

/** True where something is at `path`. */
export function says(tree: Tree, path: readonly string[]): boolean {
  return valueAt(tree, path) !== undefined;
}

/** A key that stands in the wrong section is told where it belongs; a long list of known keys helps nobody. */
function unknownKey(path: Path, message: string): string {
  if (message.includes("did you mean")) return message;
  const elsewhere = LEAVES.filter((leaf) => leaf.path.at(-1) === path.at(-1)).map((leaf) =>
    leaf.path.join(".")
  );
  if (elsewhere.length > 0) {
    return `there is no such key here; did you mean ${elsewhere.slice(0, 2).join(" or ")}?`;
  }
  return message.length <= MAX_KNOWN ? message : "there is no such key; docs/configuration.md lists them";
}

/** What helps against a value of the wrong type that people write. */
function remedy(path: Path, message: string): string {
  if (message === "value is a map, must be a list") return '; begin each of its entries with "- "';
  if (message !== "value is a list, must be text") return "";
  const schemas = path.reduce<TSchema[]>((found, key) => childrenAt(found, key), [SETTINGS]);
  switch (schemas[0]?.["x-type"]) {
    case "regular expression":
      return "; write several as a|b";
    case "glob":
      return "; write several as {a,b}";
    default:
      return "";
  }
}

const MAX_KNOWN = 160;
const LEAVES = leaves(SETTINGS);
