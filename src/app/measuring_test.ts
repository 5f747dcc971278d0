import assert from "node:assert/strict";
import { loadConfig } from "../config/load.ts";
import { createResource } from "../trace/resource.ts";
import { Measuring } from "./measuring.ts";

Deno.test("Measuring samples while spans come, and once more when calls to the outside are known as such", async () => {
  const { config } = await loadConfig({ flags: {}, getEnv: () => undefined });
  const timers = new Map<number, { readonly ms: number; readonly run: () => void }>();
  const real = [globalThis.setTimeout, globalThis.clearTimeout] as const;
  let started = 0;
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms: number) => (timers.set(++started, { ms, run }), started),
    clearTimeout: (timer: number) => timers.delete(timer),
  });
  try {
    let told = 0;
    using measuring = new Measuring({
      config,
      stage: () => null,
      own: () => createResource({ pid: 1, exe: "/a", goVersion: "go1.26.8", environment: {}, hostName: "h" }),
      self: () => Promise.resolve([]),
      onActivity: () => told++,
    });
    const elapse = async (): Promise<number> => {
      assert.equal(timers.size, 1);
      const [[timer, { ms, run }]] = [...timers] as [[number, { ms: number; run: () => void }]];
      timers.delete(timer);
      run();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return ms;
    };
    measuring.spansCame();
    assert.deepEqual([await elapse(), await elapse()], [2_000, 2_000]);
    assert.equal(told, 1);
    measuring.spansCame();
    assert.deepEqual([await elapse(), await elapse()], [2_000, 2_000]);
    assert.equal(told, 2);
    // The stage waits ten seconds for the other side of a call.
    assert.ok(await elapse() > 10_000);
    assert.equal(told, 3);
    assert.equal(timers.size, 0);
  } finally {
    [globalThis.setTimeout, globalThis.clearTimeout] = real;
  }
});
