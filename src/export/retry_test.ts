import { equal } from "node:assert/strict";
import { parseRetryAfter, retryDelayMs } from "./retry.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

Deno.test("parseRetryAfter() takes seconds and HTTP dates and nothing else", () => {
  const f = (header: string | null, want: number | null) =>
    equal(parseRetryAfter(header, NOW), want, String(header));
  f("0", 0);
  f(" 7 ", 7_000);
  f("Fri, 02 Jan 2026 03:04:28 GMT", 23_000);
  f("Fri, 02 Jan 2026 03:04:00 GMT", 0);
  f(null, null);
  f("", null);
  f("-1", null);
  f("1.5", null);
  f("soon", null);
});

Deno.test("retryDelayMs() doubles up to a limit, with half of it random", () => {
  const policy = { initialMs: 100, maxMs: 1_000, maxElapsedMs: 1_000_000 };
  const f = (attempt: number, random: number, want: number) =>
    equal(retryDelayMs(policy, { attempt, elapsedMs: 0, retryAfterMs: null, random }), want);
  f(1, 0, 50);
  f(1, 1, 100);
  f(2, 1, 200);
  f(4, 0.5, 600);
  f(5, 1, 1_000);
  f(5_003, 1, 1_000);
});

Deno.test("retryDelayMs() prefers what the server asks for, tries a last time at the end, then gives up", () => {
  const policy = { initialMs: 100, maxMs: 1_000, maxElapsedMs: 10_000 };
  const f = (elapsedMs: number, retryAfterMs: number | null, want: number | null) =>
    equal(retryDelayMs(policy, { attempt: 1, elapsedMs, retryAfterMs, random: 1 }), want);
  f(0, 7_000, 7_000);
  f(0, 0, 100);
  f(0, 86_400_000, 10_000);
  f(3_001, 7_000, 6_999);
  f(9_900, null, 100);
  f(9_999, null, 1);
  f(10_000, null, null);
  f(10_001, 0, null);
});
