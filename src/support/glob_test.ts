import { equal, throws } from "node:assert/strict";
import { matchesGlob, MAX_ALTERNATIVES, parseGlob } from "./glob.ts";

Deno.test("matchesGlob() matches the whole path, with * across slashes", () => {
  const f = (pattern: string, text: string, want: boolean) =>
    equal(matchesGlob(pattern, text), want, `${pattern} on ${text}`);
  f("/usr/bin/app", "/usr/bin/app", true);
  f("/usr/bin/app", "/usr/bin/app2", false);
  f("app", "/usr/bin/app", false);
  f("*/app", "/usr/local/bin/app", true);
  f("/usr/*", "/usr/local/bin/app", true);
  f("/usr/*/app", "/usr/bin/app/x", false);
  f("*", "", true);
  f("*", "/anything", true);
  f("", "", true);
  f("", "x", false);
  f("/tmp/go-build*/b001/exe/main", "/tmp/go-build123/b001/exe/main", true);
  f("*a*b*c", "xxaxxbxbxc", true);
  f("*a*b*c", "xxaxxbxbx", false);
});

Deno.test("matchesGlob() takes ? for exactly one character, also beyond the BMP", () => {
  equal(matchesGlob("/app?", "/app1"), true);
  equal(matchesGlob("/app?", "/app"), false);
  equal(matchesGlob("/app?", "/app😀"), true);
});

Deno.test("matchesGlob() knows classes, alternatives and escapes", () => {
  const f = (pattern: string, text: string, want: boolean) =>
    equal(matchesGlob(pattern, text), want, `${pattern} on ${text}`);
  f("/a.b", "/axb", false);
  f("/a[12]", "/a1", true);
  f("/a[12]", "/a[12]", false);
  f("/a[1-3]", "/a2", true);
  f("/a[!1-3]", "/a2", false);
  f("/a[!1-3]", "/a4", true);
  f("/a[!1-3]", "/a", false);
  f("[ä-ü]", "ö", true);
  f("[a-]", "-", true);
  f("/{a,b}/x", "/b/x", true);
  f("/{a,b}/x", "/a,b/x", false);
  f("{a,{b,c}d}e", "cde", true);
  f("{a,}b", "b", true);
  f("a,b", "a,b", true);
  f("/a\\*", "/a*", true);
  f("/a\\*", "/ab", false);
  f("[\\]]", "]", true);
  f("[^a]", "a", true);
  f("[^a]", "b", false);
});

Deno.test("parseGlob() says what is wrong", () => {
  const f = (pattern: string, message: string) =>
    throws(() => parseGlob(pattern), { name: "GlobError", message }, pattern);
  f("{a,b", "a { has no }");
  f("a}", "a } has no {");
  f("[a", "a [ has no ]");
  f("[]", "a [ ] is empty");
  f("[b-a]", "a range in [ ] falls");
  f("a\\", "a \\ has nothing behind it");
  f(`[${"ab".repeat(128)}]`, "a [ ] has more than 255 characters");
  equal(parseGlob("{a,b}".repeat(8)).length, MAX_ALTERNATIVES);
  f("{a,b}".repeat(9), "its { } stand for more than 256 globs; split it, or use * more");
  f(`{${"a,".repeat(256)}}`, "its { } stand for more than 256 globs; split it, or use * more");
  equal(parseGlob("{".repeat(16) + "a" + "}".repeat(16)).length, 1);
  f("{".repeat(17) + "a" + "}".repeat(17), "its { } are nested deeper than 16");
  equal(parseGlob("a".repeat(4_096)).length, 1);
  f("a".repeat(4_097), "it has 4097 characters, must be at most 4096");
});

Deno.test("matchesGlob() stays quadratic on patterns made to blow up", () => {
  const began = performance.now();
  equal(matchesGlob("*a".repeat(200) + "b", "a".repeat(4000)), false);
  equal(performance.now() - began < 60_000, true);
});
