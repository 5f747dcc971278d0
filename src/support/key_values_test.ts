import { deepEqual, throws } from "node:assert/strict";
import { parseKeyValues } from "./key_values.ts";

Deno.test("parseKeyValues() decodes pairs", () => {
  const f = (text: string, want: Array<[string, string]>) => deepEqual(parseKeyValues(text), want);
  f("", []);
  f("a=1", [["a", "1"]]);
  f(" a = 1 , b=2,", [["a", "1"], ["b", "2"]]);
  f("a=x%2Cy%3Dz%20w", [["a", "x,y=z w"]]);
  f("k%2E1=%C3%A9", [["k.1", "é"]]);
  f("token=abc==", [["token", "abc=="]]);
  f("a=", [["a", ""]]);
});

Deno.test("parseKeyValues() refuses the whole text for one bad entry, without quoting it", () => {
  for (const text of ["a=1,b", "=1", "a=%zz", "a=%ff", "%=1"]) {
    throws(() => parseKeyValues(text), SyntaxError);
  }
  throws(() => parseKeyValues("a=1,secret"), { message: 'Cannot read entry 2: it has no "="' });
});
