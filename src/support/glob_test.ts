import { equal } from "node:assert/strict";
import { matchGlob } from "./glob.ts";

Deno.test("matchGlob() matches the whole path, with * across slashes", () => {
  const f = (pattern: string, text: string, want: boolean) =>
    equal(matchGlob(pattern, text), want, `${pattern} on ${text}`);
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

Deno.test("matchGlob() takes ? for exactly one character, also beyond the BMP", () => {
  equal(matchGlob("/app?", "/app1"), true);
  equal(matchGlob("/app?", "/app"), false);
  equal(matchGlob("/app?", "/app😀"), true);
});

Deno.test("matchGlob() takes everything else literally", () => {
  equal(matchGlob("/a.b", "/axb"), false);
  equal(matchGlob("/a[12]", "/a1"), false);
  equal(matchGlob("/a[12]", "/a[12]"), true);
  equal(matchGlob("/a{b,c}", "/ab"), false);
  equal(matchGlob("/a\\*", "/a\\bc"), true);
});

Deno.test("matchGlob() stays quadratic on patterns made to blow up", () => {
  const began = performance.now();
  equal(matchGlob("*a".repeat(200) + "b", "a".repeat(4000)), false);
  equal(performance.now() - began < 2_000, true);
});
