/**
 * Reads a YAML file into a Source: values by what the schema asks for, the place of each, mistakes of YAML in plain
 * words. A file whose whole content is config.data of Beyla's Helm values is read as that.
 */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
} from "yaml";
import { fromText, showPath, type TSchema, Type } from "../schema/mod.ts";
import type { ConfigProblem } from "./config_error.ts";
import { expandReferences, type GetEnv, type Marked, markReferences, unmark } from "./expand.ts";
import { childrenAt, deleteAt, type Path, type Tree } from "./schema_walk.ts";
import { SETTINGS } from "./settings.ts";
import { Source } from "./source.ts";

const MAX_BYTES = 1024 * 1024;
/** Nodes of the tree, those that aliases repeat included: what a file of the largest size could hold by itself. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 64;

interface Place {
  readonly key: number;
  readonly value: number;
}

/** What `text`, the content of file `path`, says; `getEnv` fills in ${NAME}. */
export function readYamlFile(path: string, text: string, getEnv: GetEnv): Source {
  const lines = new LineCounter();
  const origin = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line, column: col };
  };
  if (text.length > MAX_BYTES) return failed(path, `file is larger than ${MAX_BYTES} bytes`);
  const marked = markReferences(text);
  let document: Document.Parsed;
  try {
    document = parseDocument(marked.text, { lineCounter: lines, prettyErrors: false, merge: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return failed(path, "it is nested too deeply");
  }
  const reader = new Reader(document, marked, getEnv);
  const tree = reader.read();
  const { problems, isMeaningless } = syntaxProblems(document, text, origin);
  const source = new Source(tree, (at, of) => origin(reader.place(at)[of]), {
    isMuted: (at) => isMeaningless(reader.place(at).key),
  });
  source.problems.push(...problems);
  for (const { severity, offset, message } of reader.problems) {
    if (!isMeaningless(offset)) source.problems.push({ severity, origin: origin(offset), message });
  }
  for (const { path: at, offset } of reader.keys()) {
    if (isMeaningless(offset)) deleteAt(tree, at);
  }
  return source;
}

function failed(file: string, message: string): Source {
  const origin = { file, line: 1, column: 1 };
  const source = new Source({}, () => origin);
  source.problems.push({ severity: "error", origin, message });
  return source;
}

/** What is wrong with the YAML, once a line. Its line, and what stands behind some mistakes, may mean anything. */
function syntaxProblems(
  document: Document.Parsed,
  text: string,
  origin: (at: number) => { readonly file: string; readonly line: number; readonly column: number },
): { problems: ConfigProblem[]; isMeaningless: (offset: number) => boolean } {
  let end = Infinity;
  const told = new Map<number, ConfigProblem>();
  const badLines = new Set<number>();
  for (const { code, message, pos: [offset] } of [...document.errors, ...document.warnings]) {
    const at = origin(offset);
    if (told.has(at.line)) continue;
    told.set(at.line, {
      severity: "error",
      origin: at,
      message: syntaxMessage(code, message, text.slice(offset)),
    });
    if (code === "DUPLICATE_KEY" || code === "TAG_RESOLVE_FAILED") continue;
    badLines.add(at.line);
    // The rest after a tab is what the writer meant.
    if (code !== "TAB_AS_INDENT") end = Math.min(end, offset);
  }
  return {
    problems: [...told.values()],
    isMeaningless: (offset) => offset >= end || badLines.has(origin(offset).line),
  };
}

function syntaxMessage(code: string, message: string, rest: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return `key ${/^[^:\n]*/.exec(rest)![0].trim()} is there twice in this map; keep one`;
    case "TAB_AS_INDENT":
      return "a tab cannot indent in YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a second document begins here; a file is one configuration";
    default:
      return `it is not YAML: ${message.replace(/\s+/g, " ")}`;
  }
}

interface Found {
  readonly severity: "error" | "warning";
  readonly offset: number;
  readonly message: string;
}

class Reader {
  readonly problems: Found[] = [];
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

  #unwrapped(): Node | null {
    const root: Node | null = this.#document.contents;
    const config = only(root, "config");
    if (!isMap(config)) return root;
    const data = config.get("data", true) as unknown;
    if (!isMap(data)) return root;
    for (const { key } of config.items) {
      if (isScalar(key) && key.value !== "data") {
        this.#problem(
          "warning",
          key.range![0],
          `config.${key.value}: is a value of a Helm chart, and not read`,
        );
      }
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
      if (
        isScalar(pair.key) && pair.key.value === "<<" ||
        isScalar(pair.key) && typeof pair.key.value === "symbol"
      ) {
        Object.assign(merged, this.#mergeKey(node, schemas, path, from));
        continue;
      }
      const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : null;
      if (key === null) {
        this.#problem("error", start, "a key must be text");
        continue;
      }
      const name = unmark(
        isScalar(pair.key) && typeof pair.key.value === "string" ? pair.key.value : key,
        this.#references,
      );
      const at = [...path, name];
      const children = childrenAt(schemas, name);
      const value = this.#value(node, children, at, from);
      this.#places.set(showPath(at), { key: start, value: from });
      if (at.every((part) => typeof part === "string")) this.#keys.push({ path: at, offset: start });
      // A key of which all is commented out says nothing.
      const empty = value === null && children.length > 0 && !children.some(({ type }) => type === "null");
      if (!empty && value !== undefined) define(map, name, value);
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
    return typeof value === "bigint" ? String(value) : value;
  }

  #problem(severity: Found["severity"], offset: number, message: string): void {
    this.problems.push({ severity, offset, message });
  }
}

const TOO_MUCH = "it is too large once its aliases are filled in, or nested too deeply";

/** The value of the one key of `node`, when that is `key`. */
function only(node: Node | null, key: string): unknown {
  return isMap(node) && node.items.length === 1 ? node.get(key, true) : undefined;
}

function startOf(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

/** Sets a property whatever its name, "__proto__" included. */
function define(map: Tree, name: string, value: unknown): void {
  Object.defineProperty(map, name, { value, enumerable: true, writable: true, configurable: true });
}
