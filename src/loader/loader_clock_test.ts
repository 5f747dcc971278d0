import assert from "node:assert/strict";
import { LoaderClock } from "./loader_clock.ts";

Deno.test("LoaderClock takes the quickest reply for the difference of the clocks", () => {
  const clock = new LoaderClock();
  // The loader's clock is 1,000 ms ahead; replies take 3, 0.5 and 20 ms.
  clock.note(1_100_000_000n, 103);
  clock.note(1_200_000_000n, 200.5);
  clock.note(1_300_000_000n, 320);
  assert.equal(clock.toLocalMs(1_400_250_000n), 400.75);
});
