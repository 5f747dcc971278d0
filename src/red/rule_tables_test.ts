import assert from "node:assert/strict";
import { rulesWith } from "../../tests/red/rows.ts";
import { compileRules } from "./rule_tables.ts";

const unusable: Readonly<Record<string, readonly [Parameters<typeof rulesWith>[0], RegExp]>> = {
  "bounds that fall": [
    { measure: { durationBucketsS: [1, 2, 2] } },
    /bound 3 of a histogram is not above the one/,
  ],
  "a bound below zero": [{ measure: { sizeBucketsBytes: [-1] } }, /bound 1 of a histogram/],
  "sixteen bounds": [
    { measure: { sizeBucketsBytes: Array.from({ length: 16 }, (_, index) => index) } },
    /has 16 bounds, must be at most 15/,
  ],
  "a wildcard of a book": [{ routes: { wildcard: "*".repeat(33) } }, /is longer than 32 bytes/],
  "a pattern of 33 segments": [
    { routes: { patterns: ["/a".repeat(33)] } },
    /has 33 segments, must be at most 32/,
  ],
  "a pattern of 256 bytes": [{ routes: { patterns: [`/${"a".repeat(255)}`] } }, /is longer than 255 bytes/],
  "too many patterns": [
    { routes: { patterns: Array.from({ length: 20_000 }, (_, index) => `/orders/${index}`) } },
    /take more than 983040 bytes; use fewer patterns/,
  ],
  "too many attributes": [
    {
      filters: Array.from(
        { length: 47 },
        (_, index) => ({ attribute: `a${index}`, match: "*", notMatch: null }),
      ),
    },
    /name 47 attributes that spans do not have, must be at most 46/,
  ],
  "a long name": [
    { filters: [{ attribute: "a".repeat(65), match: "*", notMatch: null }] },
    /has 65 bytes, must be at most 64/,
  ],
};

for (const [what, [rules, message]] of Object.entries(unusable)) {
  Deno.test(`compileRules: refuses ${what}`, () => {
    assert.throws(() => compileRules(rulesWith(rules)), { name: "RangeError", message });
  });
}

Deno.test("compileRules: takes what is just within its limits", () => {
  const { attributes } = compileRules(rulesWith({
    measure: {
      sizeBucketsBytes: [],
      durationBucketsS: Array.from({ length: 15 }, (_, index) => index),
      attributes: [{ metric: "http.client.*", include: ["*", "url.{path,query}"], exclude: ["url.full"] }],
    },
    routes: { patterns: ["/a".repeat(32), `/${"a".repeat(254)}`] },
    filters: Array.from(
      { length: 46 },
      (_, index) => ({ attribute: `a${index}`, match: "*", notMatch: null }),
    ),
  }));
  assert.deepEqual(attributes[0], [
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "url.scheme",
    "error.type",
  ]);
  assert.equal(attributes[1]!.length, 18 - 1 + 46);
});
