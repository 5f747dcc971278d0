import assert from "node:assert/strict";
import { joinBytes } from "./bytes.ts";

Deno.test("joinBytes() puts the parts one after the other", () => {
  assert.deepEqual(
    joinBytes([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]),
    Uint8Array.of(1, 2, 3),
  );
  assert.deepEqual(joinBytes([]), new Uint8Array(0));
});
