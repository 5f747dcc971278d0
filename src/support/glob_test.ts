import { equal } from "node:assert/strict";
import { matchesGlob } from "./glob.ts";

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

Deno.test("matchesGlob() takes everything else literally", () => {
  equal(matchesGlob("/a.b", "/axb"), false);
  equal(matchesGlob("/a[12]", "/a1"), false);
  equal(matchesGlob("/a[12]", "/a[12]"), true);
  equal(matchesGlob("/a{b,c}", "/ab"), false);
  equal(matchesGlob("/a\\*", "/a\\bc"), true);
});

Deno.test("matchesGlob() stays quadratic on patterns made to blow up", () => {
  const began = performance.now();
  equal(matchesGlob("*a".repeat(200) + "b", "a".repeat(4000)), false);
  equal(performance.now() - began < 2_000, true);
});
