/** Query and path parameters held against their schemas. Used by install.ts. */
import { check, fromText, type TObject, type TSchema } from "../schema/mod.ts";
import { nearest } from "../support/nearest.ts";

/** Either what was asked, with defaults in place, or all that is wrong with it. */
export type Parameters =
  | { readonly values: Record<string, unknown>; readonly wrong: null }
  | { readonly values: null; readonly wrong: string };

/** A parameter without text counts as not given, as forms send it. */
export function readQuery(schema: TObject, query: URLSearchParams): Parameters {
  const known = Object.keys(schema.properties);
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const name of new Set(query.keys())) {
    const texts = query.getAll(name);
    if (!known.includes(name)) wrong.push(unknown(name, known));
    else if (texts.length > 1) wrong.push(`Query parameter "${name}" is given ${texts.length} times`);
    else if (texts[0] !== "") values[name] = fromText(schema.properties[name]!, texts[0]!);
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    const { default: value } = property as TSchema;
    if (value !== undefined) values[name] ??= value;
  }
  return heldTo(schema, { values, wrong, kind: "Query" });
}

export function readParams(schema: TObject, params: Readonly<Record<string, string>>): Parameters {
  return heldTo(schema, { values: { ...params }, wrong: [], kind: "Path" });
}

function heldTo(
  schema: TObject,
  { values, wrong, kind }: { values: Record<string, unknown>; wrong: readonly string[]; kind: string },
): Parameters {
  const problems = check(schema, values).map(({ path, message }) =>
    `${kind} parameter "${path[0]}": ${message}`
  );
  const all = [...wrong, ...problems];
  return all.length === 0 ? { values, wrong: null } : { values: null, wrong: all.join("; ") };
}

function unknown(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const help = near !== null
    ? `; did you mean "${near}"?`
    : known.length === 0
    ? "; this route takes none"
    : `; known here: ${known.join(", ")}`;
  return `There is no query parameter ${JSON.stringify(name.slice(0, 80))}${help}`;
}
