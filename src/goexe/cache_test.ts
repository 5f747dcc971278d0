import assert from "node:assert/strict";
import { InspectionCache } from "./cache.ts";
import type { Inspection } from "./types.ts";

const NOT_GO: Inspection = { kind: "not-go" };

function file(inode: number, change: Partial<Record<"device" | "modifiedNs" | "size", number>> = {}) {
  return { device: 1, inode, modifiedNs: 5, size: 9, ...change };
}

Deno.test("InspectionCache drops the inspection that was not used for longest", () => {
  const cache = new InspectionCache({ capacity: 2 });
  cache.set(file(1), NOT_GO);
  cache.set(file(2), NOT_GO);
  cache.get(file(1));
  cache.set(file(3), NOT_GO);
  assert.equal(cache.size, 2);
  assert.equal(cache.get(file(2)), undefined);
  assert.equal(cache.get(file(1)), NOT_GO);
});

Deno.test("InspectionCache tells a changed file from the one it knew", () => {
  const cache = new InspectionCache({ capacity: 4 });
  cache.set(file(1), NOT_GO);
  assert.equal(cache.get(file(1, { modifiedNs: 6 })), undefined);
  assert.equal(cache.get(file(1, { size: 10 })), undefined);
  assert.equal(cache.get(file(1, { device: 2 })), undefined);
  assert.equal(cache.get(file(1)), NOT_GO);
});

Deno.test("InspectionCache refuses a capacity that holds nothing", () => {
  assert.throws(() => new InspectionCache({ capacity: 0 }), /must be a whole number of at least 1/);
});
