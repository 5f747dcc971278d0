import { deepEqual, equal } from "node:assert/strict";
import { link, parseHash } from "./location.ts";

Deno.test("parseHash() reads path and query", () => {
  const { path, query } = parseHash("#/traces?service=a%20b&status=5xx");
  deepEqual(path, ["traces"]);
  deepEqual([...query], [["service", "a b"], ["status", "5xx"]]);
});

Deno.test("parseHash() takes whatever stands in an address", () => {
  for (const hash of ["", "#", "#/", "#//"]) deepEqual(parseHash(hash).path, [], hash);
  deepEqual(parseHash("#/service/%E0%A4%A").path, ["service", "%E0%A4%A"]);
  equal(parseHash("#/traces?a=1?b").query.get("a"), "1");
});

Deno.test("link() and parseHash() agree on every character", () => {
  const name = "shop/front & back?#%é";
  const { path, query } = parseHash(link(["service", name], { namespace: name, none: null, empty: "" }));
  deepEqual(path, ["service", name]);
  deepEqual([...query], [["namespace", name]]);
});
