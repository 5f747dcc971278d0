/**
 * Parts of net/http that a program may lack: an HTTP client alone has no server's structs. Used where plans and the
 * kernel's layout are made, and by the maker.
 */
import type { FieldName, GoLayout } from "./layout.ts";

/** What a decoder can have plans for. */
export type Part = "server" | "http2" | "client";

/** Structs that a program has only for the sake of a part; one of them says that the part is there. */
export const OWN_TYPES: Readonly<Record<Part, readonly string[]>> = {
  server: ["response", "conn"],
  http2: ["h2responseWriter", "h2responseWriterState"],
  client: ["persistConn", "transportRequest"],
};
/** Structs that several parts read. */
const SHARED_TYPES: Readonly<Record<Part, readonly string[]>> = {
  server: ["Request"],
  http2: [],
  client: ["Request", "URL", "Response"],
};
/** Structs of Go's runtime, which every program has. */
export const ALWAYS: readonly string[] = ["g", "m"];

/** The parts whose structs are there. */
export function partsOf(fields: Readonly<Record<string, number | null>>): Part[] {
  const types = new Set(Object.keys(fields).filter((field) => fields[field] !== null).map(typeOf));
  const has = (part: Part) => OWN_TYPES[part].some((type) => types.has(type));
  return (["server", "http2", "client"] as const).filter((part) =>
    has(part) && (part !== "http2" || has("server"))
  );
}

/** Whether a program with the parts of the layout has the struct of a field. */
export function hasStructOf(layout: GoLayout, field: FieldName): boolean {
  const type = typeOf(field);
  return ALWAYS.includes(type) ||
    partsOf(layout.fields).some((part) =>
      OWN_TYPES[part].includes(type) || SHARED_TYPES[part].includes(type)
    );
}

function typeOf(field: string): string {
  return field.slice(0, field.indexOf("."));
}
