/**
 * Holds values against schemas. The messages are for people who wrote the value: what it is, what it must be, the
 * nearest known key. Knows the part of JSON Schema that this project's schemas use.
 */
import { nearest } from "../support/nearest.ts";
import { showValue } from "./show.ts";
import { REFINEMENT, type Refinement, type TSchema } from "./type.ts";

/** One thing that is wrong. */
export interface Problem {
  /** Keys and indexes from the root to the value; for an unknown or missing key, the key itself. */
  readonly path: readonly (string | number)[];
  readonly kind: "unknown-key" | "missing-key" | "wrong-value";
  /** A sentence without subject: "value is 9, must be from 1 to 5". */
  readonly message: string;
}

type Path = readonly (string | number)[];
type Schemas = Readonly<Record<string, TSchema>>;

/** Everything wrong with `value`, in the value's own order; empty when it fits. */
export function check(schema: TSchema, value: unknown): Problem[] {
  return problemsAt(schema, value, []);
}

function problemsAt(schema: TSchema, value: unknown, path: Path): Problem[] {
  // A text in place of a map of secrets is most likely one, too.
  const shown = schema["x-secret"] === true && typeof value === "string" ? "***" : value;
  const problems = typeProblems(schema, shown, path);
  if (problems.length > 0) return problems;
  const refinement: Refinement<unknown> | undefined = Reflect.get(schema, REFINEMENT);
  const must = refinement?.(value) ?? null;
  return must === null ? [] : wrong(value, path, must);
}

function typeProblems(schema: TSchema, value: unknown, path: Path): Problem[] {
  if (Array.isArray(schema.anyOf)) return anyOfProblems(schema.anyOf, value, path);
  if ("const" in schema) {
    return value === schema.const ? [] : wrong(value, path, `must be ${String(schema.const)}`);
  }
  switch (schema.type) {
    case "object":
      return objectProblems(schema, value, path);
    case "array":
      return arrayProblems(schema, value, path);
    case "string":
      return typeof value === "string"
        ? stringProblems(schema, value, path)
        : wrong(value, path, "must be text");
    case "integer":
      return Number.isSafeInteger(value)
        ? rangeProblems(schema, value as number, path)
        : wrong(value, path, "must be a whole number");
    case "number":
      return typeof value === "number" && Number.isFinite(value)
        ? rangeProblems(schema, value, path)
        : wrong(value, path, "must be a number");
    case "boolean":
      return typeof value === "boolean" ? [] : wrong(value, path, "must be true or false");
    case "null":
      return value === null ? [] : wrong(value, path, "must be null");
    default:
      return [];
  }
}

function objectProblems(schema: TSchema, value: unknown, path: Path): Problem[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong(value, path, "must be a map");
  }
  const properties: Schemas = schema.properties ?? {};
  const others = otherSchema(schema);
  const problems: Problem[] = [];
  for (const [key, child] of Object.entries(value)) {
    const at = [...path, key];
    // JSON has no undefined: such a key is absent.
    if (child === undefined) continue;
    if (Object.hasOwn(properties, key)) problems.push(...problemsAt(properties[key]!, child, at));
    else if (others === false) problems.push(unknownKey(key, Object.keys(properties), at));
    else if (others !== true) problems.push(...problemsAt(others, child, at));
  }
  for (const key of (schema.required ?? []) as readonly string[]) {
    if (Reflect.get(value, key) !== undefined) continue;
    problems.push({ path: [...path, key], kind: "missing-key", message: "it is missing" });
  }
  return problems;
}

/** What holds for keys that are not named: a map's values, anything, or nothing. */
function otherSchema(schema: TSchema): TSchema | boolean {
  const [pattern] = Object.values((schema.patternProperties ?? {}) as Schemas);
  return pattern ?? schema.additionalProperties ?? true;
}

function unknownKey(key: string, known: readonly string[], path: Path): Problem {
  const near = nearest(key, known);
  const message = near === null
    ? `there is no such key; known here: ${known.join(", ")}`
    : `there is no such key; did you mean "${near}"?`;
  return { path, kind: "unknown-key", message };
}

function arrayProblems(schema: TSchema, value: unknown, path: Path): Problem[] {
  if (!Array.isArray(value)) return wrong(value, path, "must be a list");
  const { minItems = 0, maxItems = Infinity, items } = schema;
  if (value.length < minItems) return wrong(value, path, `must have at least ${minItems} entries`);
  if (value.length > maxItems) return wrong(value, path, `must have at most ${maxItems} entries`);
  return value.flatMap((item, index) => problemsAt(items, item, [...path, index]));
}

function stringProblems(schema: TSchema, value: string, path: Path): Problem[] {
  const { minLength = 0, maxLength = Infinity, pattern } = schema;
  if (value.length < minLength) {
    const must = minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`;
    return wrong(value, path, must);
  }
  if (value.length > maxLength) return wrong(value, path, `must have at most ${maxLength} characters`);
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) {
    return wrong(value, path, `must match ${pattern}`);
  }
  return [];
}

function rangeProblems(schema: TSchema, value: number, path: Path): Problem[] {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
  if (value >= minimum && value <= maximum && value > exclusiveMinimum) return [];
  if (minimum !== -Infinity && maximum !== Infinity) {
    return wrong(value, path, `must be from ${minimum} to ${maximum}`);
  }
  if (value > maximum) return wrong(value, path, `must be at most ${maximum}`);
  return wrong(
    value,
    path,
    value < minimum ? `must be at least ${minimum}` : `must be above ${exclusiveMinimum}`,
  );
}

function anyOfProblems(branches: readonly TSchema[], value: unknown, path: Path): Problem[] {
  const failures: Problem[][] = [];
  for (const branch of branches) {
    const problems = problemsAt(branch, value, path);
    if (problems.length === 0) return [];
    failures.push(problems);
  }
  const choices = branches.filter((branch) => "const" in branch).map((branch) => branch.const);
  if (choices.length === branches.length) return wrong(value, path, oneOf(choices, value));
  // The branch that the writer meant is the one whose outside fits: its problem lies deeper, or in the value itself.
  const [meant] = failures.filter((_, index) => fitsType(branches[index]!, value));
  return meant ??
    wrong(
      value,
      path,
      failures.map(([first]) => first!.message.replace(/^.*?, must /, "must ")).join(" or "),
    );
}

function oneOf(choices: readonly unknown[], value: unknown): string {
  const names = choices.filter((choice) => typeof choice === "string");
  const near = typeof value === "string" ? nearest(value, names) : null;
  return `must be one of ${choices.map(String).join(", ")}` +
    (near === null ? "" : ` (did you mean "${near}"?)`);
}

function fitsType(schema: TSchema, value: unknown): boolean {
  if ("const" in schema) return false;
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return schema.type === type || (type === "number" && schema.type === "integer");
}

function wrong(value: unknown, path: Path, must: string): Problem[] {
  return [{ path, kind: "wrong-value", message: `value is ${showValue(value)}, ${must}` }];
}
