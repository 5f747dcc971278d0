import { equal } from "node:assert/strict";
import { encodeSpan } from "../../tests/support/otlp_proto.ts";
import { durationText, nameText, statusText } from "./format.ts";
import { decodeSpan } from "./otlp_span.ts";

Deno.test("durationText() keeps three digits and steps units without showing 1000", () => {
  const f = (ns: number, want: string) => equal(durationText(ns), want);
  f(0, "0 ns");
  f(999, "999 ns");
  f(1_000, "1.00 µs");
  f(12_345, "12.3 µs");
  f(999_400, "999 µs");
  f(999_600, "1.00 ms");
  f(999_600_000, "1.00 s");
  f(75_300_000_000, "75.3 s");
  f(3_600_000_000_000, "3600 s");
  f(-1_500, "-1.50 µs");
});

Deno.test("statusText() prefers the HTTP status over the error type over the span's status", () => {
  const f = (attributes: Record<string, string | number>, statusCode: number, want: string) =>
    equal(statusText(decodeSpan(encodeSpan({ attributes, statusCode }))), want);
  f({ "http.response.status_code": 500, "error.type": "500" }, 2, "500");
  f({ "error.type": "*net.OpError" }, 2, "*net.OpError");
  f({}, 2, "error");
  f({}, 0, "-");
});

Deno.test("nameText() shows whom a client span called", () => {
  const attributes = { "server.address": "back", "server.port": 8081 };
  equal(nameText(decodeSpan(encodeSpan({ name: "GET", kind: 3, attributes }))), "GET back:8081");
  equal(nameText(decodeSpan(encodeSpan({ name: "GET /x", kind: 2, attributes }))), "GET /x");
});
