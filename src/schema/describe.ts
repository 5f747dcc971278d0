/** Schemas as data for JSON Schema files and OpenAPI. Used by the status API and the generator of the docs. */
import type { TSchema } from "./type.ts";

/** Plain JSON Schema (draft 2020-12, which OpenAPI 3.1 shares), without anything of the schema library. */
export function describe(schema: TSchema): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema));
}
