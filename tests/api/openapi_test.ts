/** The OpenAPI document by an independent validator, and against the routes that there are. */
import assert from "node:assert/strict";
import { compileErrors, validate } from "npm:@readme/openapi-parser@9.0.0";
import { makeStatusApp } from "../support/status_app.ts";
import { documentOf, Schemas } from "./document.ts";

const { app } = makeStatusApp();
const document = await documentOf(app);

Deno.test("GET /openapi.json is a valid OpenAPI 3.1 document", async () => {
  const result = await validate(structuredClone(document) as never);
  assert.ok(result.valid, result.valid ? "" : compileErrors(result));
});

Deno.test("the validator finds what is wrong with a document", async () => {
  const { "/readyz": readyz, ...paths } = document.paths;
  const { responses: _, ...get } = readyz!["get"]!;
  const result = await validate(
    { ...document, paths: { ...paths, "/readyz": { get: { ...get, responses: 1 } } } } as never,
  );
  assert.equal(result.valid, false);
});

Deno.test("every schema of the document is one of JSON Schema 2020-12", () => {
  const schemas = new Schemas(document);
  for (const name of schemas.names()) {
    assert.notDeepEqual(schemas.problems({ $ref: `#/components/schemas/${name}` }, undefined), [], name);
  }
});

Deno.test("the document names every route, once", () => {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  );
  const served = app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual(routes.toSorted(), served.toSorted());
  const ids = Object.values(document.paths).flatMap(Object.values).map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("docs/api.md names every route of the document", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url));
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods)) {
      assert.ok(text.includes(`\`${method.toUpperCase()} ${path}\``), `${method} ${path}`);
    }
  }
});

Deno.test("docs/api.md names every query parameter of the document", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url));
  for (
    const { parameters = [] } of Object.values(document.paths).flatMap((methods) => Object.values(methods))
  ) {
    for (const { name } of parameters.filter((parameter) => parameter.in === "query")) {
      assert.ok(text.includes(`\`${name}\``), name);
    }
  }
});
