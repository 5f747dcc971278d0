/**
 * The one place that knows the schema library. A schema is JSON Schema data that TypeScript reads a type from;
 * configuration, API and OpenAPI are all described with it.
 */
export { type Static, type TObject, type TSchema, Type } from "@sinclair/typebox";
import type { Static, TSchema } from "@sinclair/typebox";

/** Where a schema keeps its refinement: a symbol, so that JSON Schema does not show it. */
export const REFINEMENT: unique symbol = Symbol("refinement");

/** What is wrong with a value that has the right type ("must be a URL such as http://127.0.0.1"), or null. */
export type Refinement<T> = (value: T) => string | null;

/** `schema` with a demand that JSON Schema cannot express. It is asked only about values that fit `schema`. */
export function refine<S extends TSchema>(schema: S, refinement: Refinement<Static<S>>): S {
  return { ...schema, [REFINEMENT]: refinement };
}
