/**
 * Turns the nodes of a YAML document into values: by what the schema asks for, with aliases and variables filled in, and
 * the place of each. Used by yaml_file.ts.
 */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, Scalar } from "yaml";
import { check, fromText, showPath, type TSchema, Type } from "../schema/mod.ts";
import { expandReferences, type GetEnv, type Marked, unmark } from "./expand.ts";
import { chartValues, foreignFormat } from "./foreign_format.ts";
import { childrenAt, type Path, type Tree } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";
import { yamlBoolean } from "./value.ts";

/** Nodes of the tree, those that aliases repeat included: what a file of the largest size could hold by itself. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 64;

interface Place {
  readonly key: number;
  readonly value: number;
}

interface Found {
  readonly severity: "error" | "warning";
  readonly offset: number;
  readonly message: string;
}

export class YamlReader {
  readonly problems: Found[] = [];
  /** The file is something else than a configuration; a problem says what. Known after `read`. */
  isForeign = false;
  readonly #document: Document.Parsed;
  readonly #references: readonly string[];
  readonly #getEnv: GetEnv;
  readonly #places = new Map<string, Place>();
  readonly #keys: { path: readonly string[]; offset: number }[] = [];
  #nodes = 0;

  constructor(document: Document.Parsed, marked: Marked, getEnv: GetEnv) {
    this.#document = document;
    this.#references = marked.references;
    this.#getEnv = getEnv;
  }

  read(): Tree {
    const root = this.#unwrapped();
    const start = root?.range?.[0] ?? 0;
    this.#places.set("", { key: start, value: start });
    const value = root === null ? null : this.#value(root, [SETTINGS], [], start);
    if (value === null || value === undefined) return {};
    if (typeof value === "object" && !Array.isArray(value)) return value as Tree;
    this.#problem("error", start, "must be a map of keys");
    return {};
  }

  /** Where the value at `path` is, or what is nearest above it. */
  place(path: Path): Place {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(showPath(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { key: 0, value: 0 };
  }

  /** Where each key of a map is that is not below a list, outer ones first. */
  keys(): readonly { readonly path: readonly string[]; readonly offset: number }[] {
    return this.#keys;
  }

  /** The map with the configuration; null when there is none. */
  #unwrapped(): Node | null {
    const root: Node | null = this.#document.contents;
    if (!isMap(root)) return root;
    const foreign = foreignFormat(root);
    if (foreign !== null) {
      const pair = root.items.find(({ key }) => isScalar(key) && key.value === foreign.key);
      this.#problem("error", startOf(pair?.key) ?? 0, foreign.message);
      this.isForeign = true;
      return null;
    }
    const values = chartValues(root);
    if (values === null) return root;
    const { data, path, others } = values;
    const isOwn = (key: string) => Object.hasOwn(SETTINGS.properties, key);
    if (path[0] === "config" && others.some(isOwn)) return root;
    if (others.length > 0) {
      this.#problem(
        "warning",
        startOf(root.getIn(path.slice(0, 1), true)) ?? 0,
        `of these values of a Helm chart only ${path.join(".")} is read; not ${others.join(", ")}`,
      );
    }
    return data;
  }

  #value(node: Node | null, schemas: readonly TSchema[], path: Path, offset: number): unknown {
    if (++this.#nodes > MAX_NODES || path.length > MAX_DEPTH) {
      if (!this.problems.some(({ message }) => message === TOO_MUCH)) {
        this.#problem("error", offset, TOO_MUCH);
      }
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.#value(target, schemas, path, offset);
      this.#problem("error", offset, `there is no anchor &${node.source} before this alias`);
      return undefined;
    }
    if (isMap(node)) return this.#map(node.items, schemas, path, offset);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const at = [...path, index];
        const start = startOf(item) ?? offset;
        this.#places.set(showPath(at), { key: start, value: start });
        return this.#value(item as Node | null, childrenAt(schemas, index), at, start);
      }).filter((item) => item !== undefined);
    }
    return isScalar(node) ? this.#scalar(node, schemas, offset) : null;
  }

  #map(items: readonly unknown[], schemas: readonly TSchema[], path: Path, offset: number): Tree {
    const map: Tree = {};
    const merged: Tree = {};
    for (const pair of items) {
      if (!isPair(pair)) continue;
      const start = startOf(pair.key) ?? offset;
      const node = pair.value as Node | null;
      const from = startOf(node) ?? start;
      if (!isScalar(pair.key)) {
        this.#problem("error", start, "a key must be text");
        continue;
      }
      const { value: key, source } = pair.key;
      // The library makes a symbol of the key that merges.
      if (key === "<<" || typeof key === "symbol") {
        Object.assign(merged, this.#mergeKey(node, schemas, path, from));
        continue;
      }
      const name = unmark(typeof key === "string" ? key : source ?? String(key), this.#references);
      const at = [...path, name];
      const children = childrenAt(schemas, name);
      const value = this.#value(node, children, at, from);
      this.#places.set(showPath(at), { key: start, value: from });
      if (at.every((part) => typeof part === "string")) this.#keys.push({ path: at, offset: start });
      // A key of which all is commented out says nothing, nor does an empty text that a template left.
      const empty = (value === null || value === "") && children.length > 0 && !children.some(takes(value));
      const meaning: unknown = empty ? children[0]!["x-empty"] : value;
      if (meaning !== undefined) define(map, name, meaning);
    }
    return { ...merged, ...map };
  }

  #mergeKey(node: Node | null, schemas: readonly TSchema[], path: Path, offset: number): Tree {
    const target = isAlias(node) ? node.resolve(this.#document) : node;
    const maps = isSeq(target) ? target.items as Node[] : [target];
    const merged: Tree = {};
    for (const map of maps.reverse()) {
      const value = this.#value(map ?? null, schemas, path, offset);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) Object.assign(merged, value);
      else this.#problem("error", offset, "<< must be a map, or a list of maps");
    }
    return merged;
  }

  #scalar(node: Scalar, schemas: readonly TSchema[], offset: number): unknown {
    const { value } = node;
    if (typeof value === "string" && this.#references.length > 0) {
      const { text, problems } = expandReferences(value, this.#references, this.#getEnv);
      for (const { severity, message } of problems) this.#problem(severity, offset, message);
      if (text === null) return undefined;
      if (text === value) return text;
      // What no variable stands for is not there at all.
      if (text === "") return null;
      return node.type !== Scalar.PLAIN ? text : fromText(Type.Union([...schemas]), text);
    }
    const asText = typeof value === "number" || typeof value === "boolean";
    if (asText && schemas.some((schema) => schema["x-scalar"] === true)) return node.source ?? String(value);
    if (typeof value === "string" && schemas.some(({ type }) => type === "boolean")) {
      return yamlBoolean(value) ?? value;
    }
    return typeof value === "bigint" ? String(value) : value;
  }

  #problem(severity: Found["severity"], offset: number, message: string): void {
    this.problems.push({ severity, offset, message });
  }
}

function takes(value: unknown): (schema: TSchema) => boolean {
  return (schema) => check(schema, value).length === 0;
}

const TOO_MUCH = "it is too large once its aliases are filled in, or nested too deeply";

function startOf(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

/** Sets a property whatever its name, "__proto__" included. */
function define(map: Tree, name: string, value: unknown): void {
  Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true });
}
