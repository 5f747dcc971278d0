import { equal } from "node:assert/strict";
import { nearest } from "./nearest.ts";

const FLAGS = ["--config", "--exe", "--listen", "--log-level", "--otlp", "--pid", "--port", "--print"];

Deno.test("nearest() finds the name behind a slip", () => {
  equal(nearest("--lisen", FLAGS), "--listen");
  equal(nearest("--oltp", FLAGS), "--otlp");
  equal(nearest("--pritn", FLAGS), "--print");
  equal(nearest("--CONFIG", FLAGS), "--config");
  equal(nearest("--loglevel", FLAGS), "--log-level");
});

Deno.test("nearest() is silent rather than far off", () => {
  equal(nearest("--kubernetes", FLAGS), null);
  equal(nearest("x", FLAGS), null);
  equal(nearest("--exe", []), null);
});
