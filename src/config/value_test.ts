import { deepEqual, equal, throws } from "node:assert/strict";
import { beylaGlob, durationMs, goRegex, hostPort, httpUrl, portRanges, processIds } from "./value.ts";
import type { TextMatch } from "./config.ts";
import { matchesGlob } from "../support/glob.ts";

function matches(match: TextMatch, text: string): boolean {
  return match.kind === "glob" ? matchesGlob(match.glob, text) : match.regex.test(text);
}

Deno.test("durationMs() reads what Go's time.ParseDuration reads", () => {
  const read = (text: string, ms: number) => equal(durationMs(text), ms, text);
  read("5s", 5_000);
  read("100ms", 100);
  read("1m30s", 90_000);
  read("1.5h", 5_400_000);
  read("500us", 1);
  read("0s", 0);
  for (const bad of ["5", "", "s", "5 s", "-5s", "5s ", "1h2", "soon", "1d"]) {
    throws(() => durationMs(bad), { name: "ValueError", message: /duration such as/ }, bad);
  }
});

Deno.test("goRegex() translates what Go and JavaScript spell differently", () => {
  const found = (regex: string, text: string, want = true) =>
    equal(goRegex(regex).test(text), want, `${regex} ${text}`);
  found("(?:^|/)(beyla$|alloy$|otelcol[^/]*$)", "/usr/bin/otelcol-contrib");
  found("(?:^|/)(beyla$|alloy$|otelcol[^/]*$)", "/usr/bin/otelcolx/app", false);
  found("(?i)FRONT", "/bin/frontend");
  found("FRONT", "/bin/frontend", false);
  found(String.raw`\Aapp\z`, "app");
  found(String.raw`\Aapp\z`, "an app", false);
  found("(?P<name>[[:alpha:]]+)-[[:digit:]]", "web-1");
  found("^[[:alpha:]]$", "1", false);
  found(String.raw`\Qa.b*\E$`, "xa.b*");
  found(String.raw`\Qa.b\E`, "axb", false);
  throws(() => goRegex("("), { name: "ValueError", message: /^must be a regular expression: / });
});

Deno.test("beylaGlob() matches whole texts as gobwas/glob does", () => {
  const whole = (glob: string, text: string, want = true) =>
    equal(matches(beylaGlob(glob), text), want, `${glob} ${text}`);
  whole("*/server", "/opt/app/server");
  whole("*/server", "/opt/app/server2", false);
  whole("{front,back}end", "backend");
  whole("{front,back}end", "middleend", false);
  whole("app-[a-c]", "app-b");
  whole("app-[!a-c]", "app-b", false);
  whole("app-[!a-c]", "app-x");
  whole("{*beyla,*alloy,*/obi}", "/usr/bin/alloy");
  whole(String.raw`a\*b`, "a*b");
  whole(String.raw`a\*b`, "axb", false);
  whole("a.{b,c}", "axb", false);
  equal(beylaGlob("*/app").kind, "glob");
  for (const bad of ["{a,b", "a}", "[a"]) throws(() => beylaGlob(bad), { name: "ValueError" }, bad);
});

Deno.test("portRanges() and processIds() read lists", () => {
  deepEqual(portRanges("80, 8000-8999"), [{ first: 80, last: 80 }, { first: 8000, last: 8999 }]);
  deepEqual(processIds("7,42"), [7, 42]);
  for (const bad of ["", "80-", "-80", "0", "70000", "9000-8000", "80;81", "http"]) {
    throws(() => portRanges(bad), { name: "ValueError" }, bad);
  }
  for (const bad of ["", "0", "1-2", "4194305"]) throws(() => processIds(bad), { name: "ValueError" }, bad);
});

Deno.test("httpUrl() and hostPort() take what can be used as it stands", () => {
  equal(httpUrl("http://h:4318"), "http://h:4318/");
  for (const bad of ["h:4318", "ftp://h", "", "http://u:p@h"]) {
    throws(() => httpUrl(bad), { name: "ValueError" }, bad);
  }
  deepEqual(hostPort("[::1]:9811"), { host: "::1", port: 9811 });
  deepEqual(hostPort(":0"), { host: "127.0.0.1", port: 0 });
  for (const bad of ["9810", "a:65536", "a b:1", "::1:80"]) {
    throws(() => hostPort(bad), { name: "ValueError" }, bad);
  }
});
