/** Globs of filters: the stage finds what src/support/glob.ts finds, whatever the glob. */
import assert from "node:assert/strict";
import { matchesGlob } from "../../src/support/glob.ts";
import { Random } from "../fuzz/random.ts";
import { rulesWith, server, StageFixture } from "./rows.ts";

function passes(filter: { match?: string; notMatch?: string }, tenant: string): boolean {
  const filters = [{ attribute: "app.tenant", match: null, notMatch: null, ...filter }];
  const fixture = new StageFixture(rulesWith({ filters }));
  return fixture.run(server("/", { attributes: { "app.tenant": tenant } })).length === 1;
}

Deno.test("filters: match wants one of the alternatives, not_match none of them", () => {
  for (const [tenant, isIn] of [["red", true], ["blue-7", true], ["blue-x", false], ["", false]] as const) {
    assert.equal(passes({ match: "{red,blue-[0-9]}" }, tenant), isIn, tenant);
    assert.equal(passes({ notMatch: "{red,blue-[0-9]}" }, tenant), !isIn, tenant);
  }
  assert.equal(passes({ match: "{red,green}", notMatch: "g*" }, "green"), false);
  assert.equal(passes({ match: "\\*" }, "*"), true);
  assert.equal(passes({ match: "\\*" }, "red"), false);
});

const PIECES = [
  "a",
  "b",
  "/",
  "ä",
  "😀",
  "*",
  "?",
  "[ab]",
  "[!ab]",
  "[ä-ü]",
  "[!😀]",
  "{a,b*}",
  "{,ä{a,?}}",
  "\\*",
];
const LETTERS = ["a", "b", "/", "ä", "ü", "😀", "*", "€"];

Deno.test("filters: random globs match as in the service", () => {
  const random = new Random(1);
  const word = (letters: readonly string[]) =>
    Array.from({ length: random.below(6) }, () => letters[random.below(letters.length)]).join("");
  for (let round = 0; round < 150; round++) {
    const match = word(PIECES);
    const texts = Array.from({ length: 20 }, () => word(LETTERS));
    const filters = [{ attribute: "app.tenant", match, notMatch: null }];
    const fixture = new StageFixture(rulesWith({ filters }));
    const spans = fixture.run(...texts.map((text) => server("/", { attributes: { "app.tenant": text } })));
    assert.deepEqual(
      spans.map(({ attributes }) => attributes["app.tenant"]),
      texts.filter((text) => matchesGlob(match, text)),
      match,
    );
  }
});
