import { deepEqual, equal } from "node:assert/strict";
import { Type } from "../schema/mod.ts";
import { readParams, readQuery } from "./query.ts";

const SCHEMA = Type.Object({
  service: Type.Optional(Type.String()),
  limit: Type.Integer({ minimum: 1, maximum: 9, default: 5 }),
  types: Type.Optional(Type.Array(Type.Union([Type.Literal("span"), Type.Literal("target")]))),
});

const read = (query: string) => readQuery(SCHEMA, new URLSearchParams(query));

Deno.test("readQuery() reads what the schema says and fills in defaults", () => {
  deepEqual(read("service=a%20b&limit=7&types=span,target").values, {
    service: "a b",
    limit: 7,
    types: ["span", "target"],
  });
  deepEqual(read("").values, { limit: 5 });
});

Deno.test("readQuery() takes a parameter without text as not given", () => {
  deepEqual(read("service=&limit=&types").values, { limit: 5 });
});

Deno.test("readQuery() says everything that is wrong, with the nearest known name", () => {
  equal(
    read("limit=10&servce=a&types=spam").wrong,
    'There is no query parameter "servce"; did you mean "service"?; ' +
      'Query parameter "limit": value is 10, must be from 1 to 9; ' +
      'Query parameter "types": value is "spam", must be one of span, target (did you mean "span"?)',
  );
  equal(
    read("xxxxxxxx=1").wrong,
    'There is no query parameter "xxxxxxxx"; known here: service, limit, types',
  );
  equal(
    readQuery(Type.Object({}), new URLSearchParams("a=1")).wrong,
    'There is no query parameter "a"; this route takes none',
  );
});

Deno.test("readQuery() refuses a parameter that comes twice, and names that every object has", () => {
  equal(read("limit=1&limit=2").wrong, 'Query parameter "limit" is given 2 times');
  for (const name of ["__proto__", "constructor"]) equal(read(`${name}=1`).values, null, name);
});

Deno.test("readParams() holds a path's parameters to their schema", () => {
  const schema = Type.Object({ id: Type.String({ pattern: "^[0-9]+$" }) });
  deepEqual(readParams(schema, { id: "17" }).values, { id: "17" });
  equal(readParams(schema, { id: "x" }).wrong, 'Path parameter "id": value is "x", must match ^[0-9]+$');
});
