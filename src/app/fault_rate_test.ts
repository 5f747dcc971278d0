import assert from "node:assert/strict";
import { FaultRate } from "./fault_rate.ts";

const at = (slot: number, starts: number, badRecord: number) => ({
  slot,
  counters: { starts, lost: { bad_record: badRecord } },
});

Deno.test("FaultRate names a slot whose decoder refuses more than one record in a hundred", () => {
  const rate = new FaultRate();
  assert.deepEqual(rate.check([at(0, 1000, 0), at(1, 1000, 11)]), [{ slot: 1, starts: 1000, bad: 11 }]);
});

Deno.test("FaultRate waits for 200 spans before it judges", () => {
  const rate = new FaultRate();
  assert.deepEqual(rate.check([at(0, 199, 199)]), []);
  assert.deepEqual(rate.check([at(0, 200, 199)]), [{ slot: 0, starts: 200, bad: 199 }]);
});

Deno.test("FaultRate judges what is new, however good the decoder was before", () => {
  const rate = new FaultRate();
  assert.deepEqual(rate.check([at(0, 1_000_000, 0)]), []);
  assert.deepEqual(rate.check([at(0, 1_000_100, 50)]), []);
  assert.deepEqual(rate.check([at(0, 1_000_200, 50)]), [{ slot: 0, starts: 200, bad: 50 }]);
});

Deno.test("FaultRate begins anew with a slot's next decoder", () => {
  const rate = new FaultRate();
  rate.check([at(0, 1000, 0)]);
  rate.check([]);
  assert.deepEqual(rate.check([at(0, 300, 30)]), [{ slot: 0, starts: 300, bad: 30 }]);
});
