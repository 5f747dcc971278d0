/** Finds schemas by the keys that lead to them. Used by the readers of the sources and by the generator of the docs. */
import type { TSchema } from "../schema/mod.ts";

export type Path = readonly (string | number)[];
/** What a source says, by the keys of settings.ts. */
export type Tree = Record<string, unknown>;

export interface Leaf {
  readonly path: readonly string[];
  readonly schema: TSchema;
}

/** What a value may be: the branches of a union, else the schema alone. */
export function alternatives(schema: TSchema): readonly TSchema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.flatMap(alternatives) : [schema];
}

/** What the value at `key` of a map or list may be; empty when there is no such key. */
export function childrenAt(schemas: readonly TSchema[], key: string | number): TSchema[] {
  return schemas.flatMap((schema) => {
    if (typeof key === "number") return schema.items === undefined ? [] : alternatives(schema.items);
    const named: TSchema | undefined = Object.hasOwn(schema.properties ?? {}, key)
      ? schema.properties[key]
      : undefined;
    if (named !== undefined) return alternatives(named);
    return Object.values<TSchema>(schema.patternProperties ?? {}).flatMap(alternatives);
  });
}

/** True for a map with names of its own, not free ones. */
export function isSection(schema: TSchema): boolean {
  return schema.type === "object" && schema.properties !== undefined;
}

/** Every key below the sections of `schema`, in their order. */
export function leaves(schema: TSchema, path: readonly string[] = []): Leaf[] {
  return Object.entries<TSchema>(schema.properties).flatMap(([key, child]) =>
    isSection(child) ? leaves(child, [...path, key]) : [{ path: [...path, key], schema: child }]
  );
}

/** The value at `path`, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Puts `value` at `path`, making the maps that lead there. */
export function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let map = tree;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(map, key) ? map[key] : undefined;
    map = isMap(next) ? next : map[key] = {} as Tree;
  }
  map[path.at(-1)!] = value;
}

export function deleteAt(tree: Tree, path: readonly string[]): void {
  const map = valueAt(tree, path.slice(0, -1));
  if (isMap(map)) delete map[path.at(-1)!];
}

export function isMap(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
