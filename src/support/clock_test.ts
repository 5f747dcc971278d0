import { equal } from "node:assert/strict";
import { SYSTEM_CLOCK } from "./clock.ts";

Deno.test("SYSTEM_CLOCK.sleep() waits its time", async () => {
  const began = performance.now();
  await SYSTEM_CLOCK.sleep(23);
  equal(performance.now() - began >= 22, true);
});

Deno.test("SYSTEM_CLOCK.sleep() ends early, and leaves no timer, when its signal aborts", async () => {
  const controller = new AbortController();
  const began = performance.now();
  const slept = SYSTEM_CLOCK.sleep(60_000, controller.signal);
  controller.abort();
  await slept;
  await SYSTEM_CLOCK.sleep(60_000, controller.signal);
  equal(performance.now() - began < 60_000, true);
});
