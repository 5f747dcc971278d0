import assert from "node:assert/strict";
import { describe, fromText, refine, Type } from "./mod.ts";

Deno.test("fromText() reads what the schema asks for", () => {
  assert.equal(fromText(Type.Integer(), "12"), 12);
  assert.equal(fromText(Type.Number(), ".5"), 0.5);
  assert.equal(fromText(Type.Boolean(), "true"), true);
  assert.equal(fromText(Type.String(), "12"), "12");
  assert.deepEqual(fromText(Type.Array(Type.Integer()), "1, 2"), [1, 2]);
  assert.deepEqual(fromText(Type.Array(Type.String()), ""), []);
  assert.equal(fromText(Type.Union([Type.String(), Type.Null()]), "null"), null);
  assert.equal(fromText(Type.Union([Type.Literal(1), Type.Literal("a")]), "1"), 1);
});

Deno.test("fromText() leaves what it cannot read as it is", () => {
  assert.equal(fromText(Type.Integer(), "1e3"), "1e3");
  assert.equal(fromText(Type.Integer(), "99999999999999999999"), "99999999999999999999");
  assert.equal(fromText(Type.Number(), "many"), "many");
  assert.equal(fromText(Type.Boolean(), "yes"), "yes");
});

Deno.test("describe() gives plain JSON Schema", () => {
  const schema = Type.Object({
    a: Type.Optional(refine(Type.String(), () => null)),
    b: Type.Integer({ minimum: 1 }),
  });
  assert.deepEqual(describe(schema), {
    type: "object",
    required: ["b"],
    properties: { a: { type: "string" }, b: { minimum: 1, type: "integer" } },
  });
});
