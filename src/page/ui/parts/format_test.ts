import { equal } from "node:assert/strict";
import {
  bytes,
  clockMs,
  count,
  counted,
  dateTime,
  duration,
  latency,
  percent,
  rate,
  uptime,
  words,
} from "./format.ts";

function eachOf<T>(format: (value: T) => string, cases: readonly (readonly [T, string])[]) {
  for (const [value, text] of cases) equal(format(value), text, String(value));
}

Deno.test("duration() has three digits and a unit", () => {
  eachOf(duration, [
    [0, "0 ns"],
    [999, "999 ns"],
    [1_000, "1.00 µs"],
    [12_340, "12.3 µs"],
    [999_400, "999 µs"],
    [999_600, "1.00 ms"],
    [1_420_000_000, "1.42 s"],
    [59_940_000_000, "59.9 s"],
    [60_000_000_000, "1 min 0 s"],
    [3_723_000_000_000, "62 min 3 s"],
  ]);
});

Deno.test("latency() is a dash where there was no request", () => {
  eachOf(latency, [[null, "–"], [0.05, "50.0 µs"], [84, "84.0 ms"]]);
});

Deno.test("rate() keeps small rates apart from none", () => {
  eachOf(rate, [
    [0, "0"],
    [0.004, "<0.01"],
    [0.42, "0.42"],
    [9.996, "10.0"],
    [12.34, "12.3"],
    [99.96, "100"],
    [1240.4, "1,240"],
  ]);
});

Deno.test("percent() shows 100 and 0 only where it is so", () => {
  eachOf(percent, [[0, "0"], [0.00001, "<0.01"], [0.0031, "0.31"], [0.125, "12.5"], [0.9999, "99.9"], [
    1,
    "100",
  ]]);
});

Deno.test("bytes() goes on to the next unit before four digits", () => {
  eachOf(bytes, [[0, "0 B"], [1023, "1023 B"], [1536, "1.50 KiB"], [1024 * 1023.9, "1.00 MiB"], [
    34_708_911,
    "33.1 MiB",
  ]]);
});

Deno.test("uptime() has the two greatest units", () => {
  eachOf(uptime, [[0, "0 s"], [59, "59 s"], [60, "1 min"], [243, "4 min 3 s"], [18_720, "5 h 12 min"], [
    277_200,
    "3 d 5 h",
  ]]);
});

Deno.test("count(), counted() and words() read well", () => {
  equal(count(1234567), "1,234,567");
  equal(counted(1, "span"), "1 span");
  equal(counted(1_000, "span"), "1,000 spans");
  equal(counted(2, "process", "processes"), "2 processes");
  equal(words("queue_full"), "queue full");
  equal(words("no_http1_connection"), "no http1 connection");
});

Deno.test("clockMs() and dateTime() tell local time", () => {
  const ms = new Date(2026, 2, 1, 4, 3, 8, 7).getTime();
  equal(clockMs(`${ms}000999`), "04:03:08.007");
  equal(dateTime(ms), "2026-03-01 04:03:08");
});
