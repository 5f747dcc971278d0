import { equal } from "node:assert/strict";
import { describeError } from "./errors.ts";

Deno.test("describeError() joins an error with its causes", () => {
  const error = new Error("Cannot load", { cause: new RangeError("size is 3") });
  equal(describeError(error), "Cannot load: size is 3");
});

Deno.test("describeError() leaves out a cause that its wrapper quotes", () => {
  equal(
    describeError(new Error("Cannot load: size is 3", { cause: new Error("size is 3") })),
    "Cannot load: size is 3",
  );
});

Deno.test("describeError() names things that are no errors, and empty ones", () => {
  equal(describeError("text"), "text");
  equal(describeError(undefined), "unknown error");
  equal(describeError(new TypeError("")), "TypeError");
});

Deno.test("describeError() ends when an error is its own cause", () => {
  const error = new Error("loop");
  error.cause = error;
  equal(describeError(error), "loop");
});
