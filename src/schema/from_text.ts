/**
 * Values that come as text (queries, environment variables, flags, "${NAME}" in files) as the type their schema asks
 * for. Text that cannot be read so stays text; check() says then what it must be.
 */
import type { TSchema } from "./type.ts";

/** `text` as `schema` wants it: a number, true or false, null, a list at its commas, or the text itself. */
export function fromText(schema: TSchema, text: string): unknown {
  if (Array.isArray(schema.anyOf)) return fromAny(schema.anyOf, text);
  switch (schema.type) {
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case "number":
      return /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "null":
      return text === "" || text === "null" ? null : text;
    case "array":
      return text.trim() === "" ? [] : text.split(",").map((item) => fromText(schema.items, item.trim()));
    default:
      return typeof schema.const === "number" && String(schema.const) === text ? schema.const : text;
  }
}

/** The first branch that makes something else of it. */
function fromAny(branches: readonly TSchema[], text: string): unknown {
  for (const branch of branches) {
    const value = fromText(branch, text);
    if (value !== text) return value;
  }
  return text;
}
