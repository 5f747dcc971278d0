/** The OpenAPI document that the API answers, and an independent JSON Schema validator for what its schemas say. */
import { Ajv2020, type ValidateFunction } from "npm:ajv@8.20.0/dist/2020.js";

import type { StatusApp } from "../../src/status/app.ts";

/** As far as the tests read it. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
}

export async function documentOf(app: StatusApp): Promise<Document> {
  return await (await app.request("/openapi.json")).json();
}

/** Holds values against schemas of a document. Members that a schema does not name are mistakes here. */
export class Schemas {
  readonly #ajv = new Ajv2020({ strict: true, allErrors: true }).addVocabulary(["components"]);
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #schemas: Readonly<Record<string, object>>;

  constructor(document: Document) {
    this.#schemas = closed(document.components.schemas) as Record<string, object>;
  }

  /** Everything that is wrong with `value`; empty when it fits. */
  problems(schema: object, value: unknown): string[] {
    const key = JSON.stringify(schema);
    const validate = this.#compiled.get(key) ??
      this.#ajv.compile({ ...closed(schema) as object, components: { schemas: this.#schemas } });
    this.#compiled.set(key, validate);
    if (validate(value)) return [];
    return validate.errors!.map(({ instancePath, message, params }) =>
      `${instancePath} ${message} ${JSON.stringify(params)}`
    );
  }

  names(): string[] {
    return Object.keys(this.#schemas);
  }
}

/** The schema with every object that names its members closed. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const walked = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in schema && !("additionalProperties" in schema)
    ? { ...walked, additionalProperties: false }
    : walked;
}
