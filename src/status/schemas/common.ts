/**
 * Building blocks of the answers' schemas. A named schema becomes a component of the OpenAPI document; objects stay
 * open there, since a later release may answer more.
 */
import { type Static, type TSchema, Type } from "../../schema/mod.ts";

/** The type of what a schema describes, as answers are: nobody changes them. */
export type Answer<S extends TSchema> = Frozen<Static<S>>;
type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;

/** `schema` under a name of its own in the OpenAPI document. */
export function named<S extends TSchema>(title: string, schema: S): S {
  return { ...schema, title };
}

/** `schema` or null. */
export const nullable = <S extends TSchema>(schema: S, description?: string) =>
  Type.Union([schema, Type.Null()], described(description));

export const text = (description?: string) => Type.String(described(description));
export const flag = (description?: string) => Type.Boolean(described(description));
export const amount = (description?: string) => Type.Number({ minimum: 0, ...described(description) });
/** A whole number from 0. */
export const count = (description?: string) => Type.Integer({ minimum: 0, ...described(description) });
/** Whole numbers from 0 by name. */
export const counts = (description?: string) =>
  Type.Record(Type.String(), Type.Integer({ minimum: 0 }), described(description));
export const list = <S extends TSchema>(items: S, description?: string) =>
  Type.Array(items, described(description));

/** One of some texts. */
export function oneOf<const T extends readonly string[]>(values: T, description?: string) {
  return Type.Union(values.map((value) => Type.Literal(value as T[number])), described(description));
}

export const traceId = () => Type.String({ pattern: "^[0-9a-f]{32}$", description: "32 hex digits." });
export const spanId = () => Type.String({ pattern: "^[0-9a-f]{16}$", description: "16 hex digits." });
/** 64-bit integers are text in JSON, as in OTLP's. */
export const unixNano = () =>
  Type.String({ pattern: "^[0-9]{1,20}$", description: "Nanoseconds since 1970, as text." });
export const time = (description?: string) =>
  Type.String({
    pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$",
    description: `${description === undefined ? "" : `${description} `}ISO 8601, UTC.`,
  });

const described = (description: string | undefined) => description === undefined ? {} : { description };

/** Why something is not as wished, and what helps (src/support/reason.ts). */
export const REASON = named(
  "Reason",
  Type.Object({
    code: text("For programs; never renamed."),
    message: text("What is the matter, in a sentence."),
    remedy: text("What helps."),
  }),
);

/** Errors (RFC 9457). */
export const PROBLEM = named(
  "Problem",
  Type.Object({
    type: Type.Literal("about:blank"),
    title: text("The status in words."),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: text("What is wrong, in a sentence."),
    instance: text("The path that was asked for."),
    code: Type.Optional(text("For programs; never renamed.")),
    remedy: Type.Optional(text("What helps.")),
  }),
);
