import assert from "node:assert/strict";
import { MAX_PLAN_OPS, OP_READ } from "../../bpf/wire.gen.ts";
import { encodeLayout, encodePlan } from "./control.ts";

const OP = { code: OP_READ, string: 0, source: 0, add: 0, length: 8 };

Deno.test("encodePlan() throws at more ops than a plan holds", () => {
  encodePlan(1, 0, 0, new Array(MAX_PLAN_OPS).fill(OP));
  assert.throws(
    () => encodePlan(1, 0, 0, new Array(MAX_PLAN_OPS + 1).fill(OP)),
    /has 25 ops, must be at most 24/,
  );
});

Deno.test("encodeLayout() throws at a field that is missing or unknown", () => {
  assert.throws(() => encodeLayout(1, 0, { g_goid: 152 }), /field "\w+" is missing/);
  assert.throws(() => encodeLayout(1, 0, { g_goid: 152, goid: 1 }), /field "goid" is unknown/);
});
