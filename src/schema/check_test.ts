import assert from "node:assert/strict";
import { check, refine, showPath, Type } from "./mod.ts";

const PORT = Type.Integer({ minimum: 1, maximum: 65_535 });
const SCHEMA = Type.Object({
  name: Type.String({ minLength: 1 }),
  port: Type.Optional(PORT),
  ratio: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  mode: Type.Optional(Type.Union([Type.Literal("text"), Type.Literal("json")])),
  either: Type.Optional(
    Type.Union([Type.Array(PORT), Type.Object({ all: Type.Boolean() }, { additionalProperties: false })]),
  ),
  headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  token: Type.Optional(Type.Union([Type.String({ maxLength: 3 }), Type.Null()])),
  even: Type.Optional(refine(Type.Integer(), (value) => value % 2 === 0 ? null : "must be even")),
  list: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 2 })),
}, { additionalProperties: false });

function said(value: unknown): string[] {
  return check(SCHEMA, value).map(({ path, kind, message }) => `${showPath(path)} ${kind}: ${message}`);
}

Deno.test("check() finds nothing in a value that fits", () => {
  const value = {
    name: "a",
    port: 80,
    ratio: 0.5,
    mode: "json",
    either: { all: true },
    headers: { a: "b" },
    token: null,
    even: 2,
    list: ["a"],
  };
  assert.deepEqual(said(value), []);
});

Deno.test("check() takes a key that is undefined as absent", () => {
  assert.deepEqual(said({ name: "a", port: undefined }), []);
  assert.deepEqual(said({ name: undefined }), ["name missing-key: it is missing"]);
});

Deno.test("check() names every wrong value once, with what it is and what it must be", () => {
  assert.deepEqual(
    said({
      name: "",
      port: 70_000,
      ratio: 0,
      mode: "jsn",
      either: [1, "x"],
      headers: { a: 1 },
      token: "long",
      even: 3,
      list: [],
    }),
    [
      'name wrong-value: value is "", must not be empty',
      "port wrong-value: value is 70000, must be from 1 to 65535",
      "ratio wrong-value: value is 0, must be above 0",
      'mode wrong-value: value is "jsn", must be one of text, json (did you mean "json"?)',
      'either[1] wrong-value: value is "x", must be a whole number',
      "headers.a wrong-value: value is 1, must be text",
      'token wrong-value: value is "long", must have at most 3 characters',
      "even wrong-value: value is 3, must be even",
      "list wrong-value: value is a list, must have at least 1 entries",
    ],
  );
});

Deno.test("check() says what a value of the wrong type may be", () => {
  assert.deepEqual(said({ name: 5, either: "all", port: 1.5, list: "a" }), [
    "name wrong-value: value is 5, must be text",
    'either wrong-value: value is "all", must be a list or must be a map',
    "port wrong-value: value is 1.5, must be a whole number",
    'list wrong-value: value is "a", must be a list',
  ]);
  assert.deepEqual(said(null), [" wrong-value: value is null, must be a map"]);
  assert.deepEqual(said([]), [" wrong-value: value is a list, must be a map"]);
});

Deno.test("check() names the nearest key for an unknown one, else the known ones", () => {
  assert.deepEqual(said({ name: "a", prot: 1, either: { zzzzzz: 1, all: true } }), [
    'prot unknown-key: there is no such key; did you mean "port"?',
    "either.zzzzzz unknown-key: there is no such key; known here: all",
  ]);
});

Deno.test("check() is not taken in by keys that every object has", () => {
  assert.deepEqual(said({ name: "a", constructor: 1 }).length, 1);
  assert.deepEqual(said(JSON.parse('{"name":"a","__proto__":1}')).length, 1);
});

Deno.test("check() does not tell the user and password of a URL", () => {
  const [line = ""] = said({ name: "a", mode: "http://me:s3cret@host/y" });
  assert.match(line, /value is "http:\/\/\*\*\*@host\/y"/);
  const [broken = ""] = said({ name: "a", mode: "http://me:s3/cr@et@host/y" });
  assert.match(broken, /value is "http:\/\/\*\*\*@host\/y"/);
});

Deno.test("check() cuts long values", () => {
  const [line = ""] = said({ name: "a", mode: "x".repeat(500) });
  assert.ok(line.length < 160, line);
});
