import assert from "node:assert/strict";
import { FakeInterval } from "../../tests/support/fake_interval.ts";
import { PortWatch } from "./port_watch.ts";

function setUp() {
  const ports = new Map<number, number[]>();
  const changed: number[] = [];
  let asked = 0;
  const stop = new AbortController();
  const watch = new PortWatch({
    ports: (pid) => {
      asked++;
      const found = ports.get(pid);
      return found ? Promise.resolve(found) : Promise.reject(new Error("gone"));
    },
    onChange: (pid) => changed.push(pid),
    signal: stop.signal,
  });
  return { ports, changed, watch, stop, asked: () => asked };
}

Deno.test("PortWatch tells when a process listens on other ports, each second at first", async () => {
  using time = new FakeInterval();
  const { ports, changed, watch, asked } = setUp();
  ports.set(7, []);
  watch.watch(7, []);
  await time.tick(1_000);
  assert.deepEqual([asked(), changed], [1, []]);
  ports.set(7, [8080]);
  await time.tick(1_000);
  assert.deepEqual(changed, [7]);
  await time.tick(3_000);
  assert.deepEqual(changed, [7], "once for each change");
});

Deno.test("PortWatch asks an old process every five seconds", async () => {
  using time = new FakeInterval();
  const { ports, watch, asked } = setUp();
  ports.set(7, []);
  watch.watch(7, []);
  await time.tick(60_000);
  const young = asked();
  await time.tick(60_000);
  assert.deepEqual([young, asked() - young], [60, 12]);
});

Deno.test("PortWatch asks no more for what is forgotten, nor after the end", async () => {
  using time = new FakeInterval();
  const { ports, watch, stop, asked } = setUp();
  ports.set(7, []);
  watch.watch(7, []);
  watch.forget(7);
  await time.tick(5_000);
  assert.equal(asked(), 0);
  watch.watch(7, []);
  stop.abort();
  watch.watch(8, []);
  await time.tick(5_000);
  assert.equal(asked(), 0);
});

Deno.test("PortWatch takes a failure for no news", async () => {
  using time = new FakeInterval();
  const { changed, watch } = setUp();
  watch.watch(7, [80]);
  await time.tick(2_000);
  assert.deepEqual(changed, []);
});
