import assert from "node:assert/strict";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { Rest } from "./rest.ts";

function restOf() {
  const clock = new FakeClock();
  const rests: number[] = [];
  const startMs = clock.elapsed();
  const rest = new Rest({ clock, onRest: () => rests.push(clock.elapsed() - startMs) });
  return { clock, rest, rests };
}

Deno.test("Rest tells once when there was no work for 5 s, and waits for nothing after that", async () => {
  const { clock, rest, rests } = restOf();
  rest.work();
  await clock.advance(4_000);
  rest.work();
  await clock.advance(5_000);
  assert.deepEqual(rests, []);
  await clock.advance(60_000);
  assert.deepEqual(rests, [10_000]);
  assert.equal(clock.sleepers, 0);
});

Deno.test("Rest tells of work now and then at most every 2 minutes", async () => {
  const { clock, rest, rests } = restOf();
  for (let second = 0; second < 600; second += 20) {
    rest.work();
    await clock.advance(20_000);
  }
  assert.equal(rests[0], 5_000);
  assert.ok(rests.length > 1 && rests.length <= 5, rests.join());
});

Deno.test("Rest gives work that never ends a pause every 150 s", async () => {
  const { clock, rest, rests } = restOf();
  for (let second = 0; second < 200; second++) {
    rest.work();
    await clock.advance(1_000);
  }
  assert.deepEqual(rests, [30_000, 180_000]);
});

Deno.test("Rest is silent after its end", async () => {
  const { clock, rest, rests } = restOf();
  rest.work();
  rest[Symbol.dispose]();
  await clock.advance(600_000);
  assert.deepEqual(rests, []);
});
