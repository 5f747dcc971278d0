/**
 * The OpenAPI 3.1 document of the endpoints, out of the very schemas that requests are held against. Answered at
 * /openapi.json.
 */
import { describe, type TObject, type TSchema, Type } from "../schema/mod.ts";
import { VERSION } from "../support/version.ts";
import { type Endpoint, endpoint, isOtherContent } from "./endpoint.ts";
import { PROBLEM } from "./schemas/common.ts";
import * as events from "./schemas/events.ts";

type Json = Record<string, unknown>;

const BEARER = "token";
/** Not the answer of a route, but what the stream of events is made of. */
const EVENTS = [
  events.SPAN_EVENT,
  events.ACTIVITY_EVENT,
  events.TARGET_EVENT,
  events.DECODER_EVENT,
  events.CONFIG_EVENT,
  events.DROPPED_EVENT,
];

/** The route that answers the document; `all` gives every endpoint, this one too. */
export function openApiRoute(all: () => readonly Endpoint[]): Endpoint {
  return endpoint({
    method: "GET",
    path: "/openapi.json",
    tag: "Agent",
    summary: "This document",
    answer: Type.Record(Type.String(), Type.Unknown()),
    handle: () => openApiDocument(all()),
  });
}

export function openApiDocument(endpoints: readonly Endpoint[]): Json {
  const components: Record<string, unknown> = {};
  const schemaOf = (schema: TSchema) => withReferences(describe(schema), components);
  EVENTS.forEach(schemaOf);
  const paths: Record<string, Json> = {};
  for (const each of endpoints) {
    (paths[each.path] ??= {})[each.method.toLowerCase()] = operation(each, schemaOf);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tsunagi",
      version: VERSION,
      summary: "The API of a tracing agent",
      description: "Answers may gain members; pass over what you do not know.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: { [BEARER]: { type: "http", scheme: "bearer", description: "The agent's token." } },
    },
  };
}

type SchemaOf = (schema: TSchema) => unknown;

function operation(endpoint: Endpoint, schemaOf: SchemaOf): Json {
  const { path, method, tag, summary, description, params, query, body, changes } = endpoint;
  const parameters = [
    ...parametersOf(params, "path", schemaOf),
    ...parametersOf(query, "query", schemaOf),
  ];
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(description === null ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: { required: true, content: { [body]: {} } } }),
    ...(changes ? { security: [{ [BEARER]: [] }] } : {}),
    responses: responsesOf(endpoint, schemaOf),
  };
}

function parametersOf(schema: TObject, place: "path" | "query", schemaOf: SchemaOf): Json[] {
  return Object.entries(schema.properties).map(([name, property]) => {
    const { description, ...rest } = property as TSchema;
    const required = (schema.required ?? []).includes(name) && rest.default === undefined;
    return {
      name,
      in: place,
      required,
      ...(description === undefined ? {} : { description }),
      // Lists are texts with commas.
      ...(rest.type === "array" ? { style: "form", explode: false } : {}),
      schema: schemaOf(rest as TSchema),
    };
  });
}

function responsesOf(endpoint: Endpoint, schemaOf: SchemaOf): Json {
  const { answer, refusals, changes } = endpoint;
  const problem = (description: string) => ({
    description,
    content: { "application/problem+json": { schema: schemaOf(PROBLEM) } },
  });
  const good = isOtherContent(answer)
    ? {
      description: answer.description,
      content: Object.fromEntries(answer.contentTypes.map((type) => [type, { schema: { type: "string" } }])),
    }
    : { description: endpoint.summary, content: { "application/json": { schema: schemaOf(answer) } } };
  return {
    200: good,
    400: problem("A parameter is wrong or unknown"),
    ...(changes
      ? { 401: problem("The token is missing or wrong"), 403: problem("Sent by a foreign page") }
      : {}),
    421: problem("The Host header names something else than this agent"),
    ...Object.fromEntries(Object.entries(refusals).map(([status, when]) => [status, problem(when)])),
    default: problem("The agent could not answer"),
  };
}

/** "getTracesByTraceId" */
function operationId(method: string, path: string): string {
  const words = path.replace("/api/v1", "").replace(/\{(\w)/g, "by/$1").split(/\W+/).filter((word) =>
    word !== ""
  );
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

/** Named schemas go into `components`; what stays refers to them. Maps are written the way that most tools know. */
function withReferences(schema: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item, components));
  if (typeof schema !== "object" || schema === null) return schema;
  const { title, properties, patternProperties, ...rest } = schema as Json;
  const walked = mapValues(rest, components);
  if (properties !== undefined) walked.properties = mapValues(properties as Json, components);
  if (patternProperties !== undefined) {
    const [values] = Object.values(patternProperties as Json);
    walked.additionalProperties = withReferences(values, components);
  }
  if (title === undefined) return walked;
  components[String(title)] = walked;
  return { $ref: `#/components/schemas/${title}` };
}

function mapValues(schemas: Json, components: Record<string, unknown>): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([key, value]) => [key, withReferences(value, components)]),
  );
}
