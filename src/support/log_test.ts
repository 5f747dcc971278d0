import { deepEqual, equal, match } from "node:assert/strict";
import type { Clock } from "./clock.ts";
import { createLogger, type LoggerOptions } from "./log.ts";

function capture(options: LoggerOptions = {}) {
  const lines: string[] = [];
  const time = { ms: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
  const clock: Clock = { now: () => time.ms, elapsed: () => time.ms, sleep: () => Promise.resolve() };
  return { lines, time, log: createLogger({ write: (line) => lines.push(line), clock, ...options }) };
}

Deno.test("createLogger() writes key=value lines with quoted values", () => {
  const { log, lines } = capture();
  log.info("loader is up", { pid: 7, path: "/a/b", note: 'two "words"', absent: undefined, none: null });
  deepEqual(lines, [
    'time=2026-01-02T03:04:05.678Z level=info msg="loader is up" pid=7 path=/a/b note="two \\"words\\"" none=null\n',
  ]);
});

Deno.test("createLogger() writes JSON lines whose own keys win", () => {
  const { log, lines } = capture({ format: "json" });
  log.warn("odd", { count: 3, level: "fake", error: new Error("a", { cause: new Error("b") }), big: 2n });
  deepEqual(JSON.parse(lines[0]!), {
    time: "2026-01-02T03:04:05.678Z",
    level: "warn",
    msg: "odd",
    count: 3,
    error: "a: b",
    big: "2",
  });
});

Deno.test("createLogger() leaves out levels below its own", () => {
  const { log, lines } = capture({ level: "warn" });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  equal(lines.length, 2);
  equal(log.enabled("info"), false);
  equal(log.enabled("error"), true);
});

Deno.test("createLogger() keeps a value from forging lines, fields or terminal sequences", () => {
  const { log, lines } = capture();
  log.info("x", { path: "a\nlevel=error msg=forged\x1b[2J\x9b1m" });
  equal(lines.length, 1);
  equal(/\p{Cc}/u.test(lines[0]!.slice(0, -1)), false);
});

Deno.test("createLogger() throttles one call site and says how much it left out", () => {
  const { log, lines, time } = capture({ burst: 3, windowMs: 1_000 });
  for (let i = 0; i < 23; i++) log.warn("repeats", { i });
  log.warn("another site");
  equal(lines.length, 4);
  time.ms += 1_000;
  log.warn("repeats", { i: 23 });
  equal(lines.at(-1)!.includes("i=23 suppressed=20"), true);
  log.warn("repeats", { i: 24 });
  equal(lines.at(-1)!.includes("suppressed"), false);
});

Deno.test("createLogger() forgets call sites rather than growing without bound", () => {
  const { log, lines } = capture({ burst: 1 });
  for (let i = 0; i < 5_003; i++) log.info(`site ${i}`);
  equal(lines.length, 5_003);
});

Deno.test("createLogger() writes for people on a terminal: local time, level, message, fields", () => {
  const { log, lines } = capture({ terminal: true, colour: false });
  log.info("loader runs", { kernel: "6.18", note: "two words" });
  log.error("gives up", { code: "E\x1b[2J", absent: undefined });
  match(lines[0]!, /^\d\d:\d\d:05 INFO {2}loader runs {2}kernel=6\.18 note="two words"\n$/);
  match(lines[1]!, /^\d\d:\d\d:05 ERROR gives up {2}code="E\\u001b\[2J"\n$/);
});

Deno.test("createLogger() colours the level and dims keys on a terminal, nothing elsewhere", () => {
  const { log, lines } = capture({ terminal: true, colour: true });
  log.info("a", { pid: 7 });
  log.warn("b", { pid: 7 });
  log.error("c");
  equal(lines[0]!.includes("\x1b[32mINFO \x1b[0m a  \x1b[2mpid=\x1b[0m\x1b[2m7\x1b[0m\n"), true, lines[0]);
  equal(lines[1]!.includes("\x1b[33mWARN \x1b[0m b  \x1b[2mpid=\x1b[0m7\n"), true, lines[1]);
  equal(lines[2]!.includes("\x1b[31m\x1b[1mERROR\x1b[0m c\n"), true, lines[2]);
  const piped = capture({ colour: true });
  piped.log.info("a", { pid: 7 });
  equal(piped.lines[0]!.includes("\x1b"), false);
});

Deno.test("configure() changes level and form from the next line on, each on its own", () => {
  const { log, lines } = capture();
  log.debug("too early");
  log.configure({ level: "debug" });
  log.debug("heard");
  log.configure({ format: "json" });
  log.debug("as JSON");
  log.configure({ level: "error" });
  log.warn("too late");
  log.configure({ format: "text" });
  log.error("as text");
  equal(lines.length, 3);
  match(lines[0]!, /msg=heard/);
  equal(JSON.parse(lines[1]!).msg, "as JSON");
  match(lines[2]!, /^time=.* msg="as text"/);
  deepEqual([log.enabled("warn"), log.enabled("error")], [false, true]);
});

Deno.test("configure() keeps what throttling has counted", () => {
  const { log, lines } = capture({ burst: 1 });
  log.info("repeats");
  log.configure({ level: "debug", format: "json" });
  log.info("repeats");
  equal(lines.length, 1);
});
