import assert from "node:assert/strict";
import { FakeTime } from "../../tests/support/fake_time.ts";
import { choiceOf, fakePack } from "../../tests/support/pack.ts";
import { MAX_PROBES, MAX_SLOTS } from "../../bpf/wire.gen.ts";
import { DecoderSlots } from "./slots.ts";

const PACK = fakePack({ name: "a" });

function setUp(options: { fail?: (slot: number) => boolean; kept?: string[] } = {}) {
  const calls: string[] = [];
  const inFlight = new Map<number, number>();
  const slots = new DecoderSlots({
    loader: {
      plan: (slot, probe, ops) => Promise.resolve(void calls.push(`plan ${slot} ${probe} ${ops.length}`)),
      layout: (slot) => Promise.resolve(void calls.push(`layout ${slot}`)),
    },
    decoders: {
      use: (slot, pack) =>
        options.fail?.(slot)
          ? Promise.reject(new Error("no module"))
          : Promise.resolve(void calls.push(`use ${slot} ${pack.manifest.name}`)),
      release: (slot) => Promise.resolve(void calls.push(`release ${slot}`)),
      inFlight: () => Promise.resolve(inFlight),
    },
    keeps: ({ manifest: { name } }) => options.kept?.includes(name) ?? false,
  });
  return { calls, inFlight, slots };
}

Deno.test("DecoderSlots.take() fills a slot whole, and clears what an earlier decoder planned there", async () => {
  const { calls, slots } = setUp();
  const pack = fakePack({
    name: "a",
    plans: [{ probe: 1, ops: [{ code: 1, string: 0, source: 8, add: 0, length: 8 }] }],
  });
  assert.equal(await slots.take(choiceOf(pack)), 0);
  assert.deepEqual(calls.slice(0, 2), ["use 0 a", "layout 0"]);
  assert.deepEqual(
    calls.slice(2),
    Array.from({ length: MAX_PROBES }, (_, probe) => `plan 0 ${probe} ${probe === 1 ? 1 : 0}`),
  );
});

Deno.test("DecoderSlots.take() gives equal choices one slot, and other plans of the same pack another", async () => {
  const { slots } = setUp();
  const library = { ...choiceOf(PACK), plans: [...PACK.manifest.plans, { probe: 3, ops: [] }] };
  assert.deepEqual(await Promise.all([slots.take(choiceOf(PACK)), slots.take(choiceOf(PACK))]), [0, 0]);
  assert.equal(await slots.take(library), 1);
  assert.equal(slots.packOf(1), PACK);
});

Deno.test("DecoderSlots.sweep() frees a slot only after its users, its requests in flight and the grace", async () => {
  using time = new FakeTime();
  const { calls, inFlight, slots } = setUp();
  const released = () => calls.includes("release 0");
  await slots.take(choiceOf(PACK));
  await slots.sweep();
  assert.equal(released(), false, "it has a user");
  slots.give(0);
  await slots.sweep();
  assert.equal(released(), false, "a late start record may still come");
  time.tick(2_000);
  inFlight.set(0, 1);
  await slots.sweep();
  assert.equal(released(), false, "a request is in flight");
  inFlight.clear();
  await slots.sweep();
  assert.equal(released(), true);
  assert.equal(await slots.take(choiceOf(PACK)), 1, "the slot that was free for longest");
});

Deno.test("DecoderSlots.sweep() keeps the slot of a pack that a rollback would want, unless it failed", async () => {
  using time = new FakeTime();
  const { calls, slots } = setUp({ kept: ["a"] });
  await slots.take(choiceOf(PACK));
  slots.give(0);
  time.tick(10_000);
  await slots.sweep();
  assert.equal(calls.includes("release 0"), false);
  assert.equal(await slots.take(choiceOf(PACK)), 0);
  slots.fail(0);
  assert.equal(await slots.take(choiceOf(PACK)), 1, "a failed decoder is never used again");
  slots.give(0);
  time.tick(10_000);
  await slots.sweep();
  assert.equal(calls.includes("release 0"), true);
});

Deno.test("DecoderSlots.take() that fails leaves its slot free", async () => {
  let broken = true;
  const { slots } = setUp({ fail: () => broken });
  for (let attempt = 0; attempt < MAX_SLOTS + 1; attempt++) {
    await assert.rejects(slots.take(choiceOf(PACK)), /no module/);
  }
  broken = false;
  assert.equal(typeof await slots.take(choiceOf(PACK)), "number");
});

Deno.test("DecoderSlots.take() says so when requests in flight hold every slot", async () => {
  using time = new FakeTime();
  const { inFlight, slots } = setUp();
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    inFlight.set(await slots.take(choiceOf(fakePack({ name: `p${slot}` }))), 1);
    slots.give(slot);
  }
  time.tick(10_000);
  await assert.rejects(
    slots.take(choiceOf(fakePack({ name: "late" }))),
    /Cannot use decoder late: all 256 slots/,
  );
  inFlight.delete(7);
  assert.equal(await slots.take(choiceOf(fakePack({ name: "later" }))), 7);
});
