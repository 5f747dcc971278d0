import assert from "node:assert/strict";
import { choiceOf, fakePack } from "../../tests/support/pack.ts";
import type { GoExe } from "../goexe/types.ts";
import { type AttachingLoader, Executables } from "./executables.ts";
import { DecoderSlots } from "./slots.ts";

const EXE: GoExe = {
  goVersion: "go1.26.8",
  recordedVersion: "go1.26.8",
  modulePath: "",
  modules: new Map(),
  headerMap: null,
  buildId: "",
  pie: false,
  stripped: false,
  sites: [],
};
const OLD = choiceOf(fakePack({ name: "old" }));
const NEW = choiceOf(fakePack({ name: "new" }));

function setUp(options: { failAttach?: Error; failUse?: string } = {}) {
  const calls: string[] = [];
  const note = (call: string) => {
    calls.push(call);
    return Promise.resolve();
  };
  const loader: AttachingLoader = {
    attach: (pid, binding) =>
      options.failAttach
        ? Promise.reject(options.failAttach)
        : note(`attach ${pid} ${binding}`).then(() => 7),
    detach: (attachment) => note(`detach ${attachment}`),
    flip: (binding, slot) => note(`flip ${binding} ${slot}`).then(() => performance.now()),
  };
  const slots = new DecoderSlots({
    loader: { plan: () => Promise.resolve(), layout: () => Promise.resolve() },
    decoders: {
      use: (slot, { manifest: { name } }) =>
        name === options.failUse ? Promise.reject(new Error("no module")) : note(`use ${slot}`),
      release: (slot) => note(`release ${slot}`),
      inFlight: () => Promise.resolve(new Map()),
    },
    keeps: () => false,
  });
  return { calls, executables: new Executables({ loader, slots }) };
}

Deno.test("Executables.acquire() fills the slot and flips the binding before it attaches", async () => {
  const { calls, executables } = setUp();
  await executables.acquire("a", 1, EXE, OLD);
  assert.deepEqual(calls, ["use 0", "flip 0 0", "attach 1 0"]);
});

Deno.test("Executables attaches once for all processes of an executable, detaches with the last", async () => {
  const { calls, executables } = setUp();
  await Promise.all([1, 2, 3].map((pid) => executables.acquire("a", pid, EXE, OLD)));
  assert.equal(calls.filter((call) => call.startsWith("attach")).length, 1);
  await executables.release("a", 1);
  await executables.release("a", 2);
  await executables.release("a", 2);
  assert.equal(calls.includes("detach 7"), false);
  await executables.release("a", 3);
  assert.equal(calls.at(-1), "detach 7");
});

Deno.test("Executables gives each executable a binding of its own, and decoders one slot", async () => {
  const { calls, executables } = setUp();
  await executables.acquire("a", 1, EXE, OLD);
  await executables.acquire("b", 2, EXE, OLD);
  assert.deepEqual(calls.slice(-2), ["flip 1 0", "attach 2 1"]);
  await executables.release("a", 1);
  await executables.acquire("c", 3, EXE, OLD);
  assert.equal(calls.at(-1), "attach 3 0", "the binding that was given back");
});

Deno.test("Executables.acquire() that fails leaves nothing taken", async () => {
  const { calls, executables } = setUp({ failAttach: new Error("no such file") });
  await assert.rejects(executables.acquire("a", 1, EXE, OLD), /no such file/);
  await assert.rejects(executables.acquire("b", 2, EXE, OLD), /no such file/);
  assert.deepEqual(calls.filter((call) => call.startsWith("flip")), ["flip 0 0", "flip 0 0"]);
});

Deno.test("Executables.swap() fills the new slot before one store switches each executable", async () => {
  const { calls, executables } = setUp();
  await executables.acquire("a", 1, EXE, OLD);
  await executables.acquire("b", 2, EXE, OLD);
  calls.length = 0;
  const { executables: count } = await executables.swap(new Map([["a", NEW], ["b", NEW], ["gone", NEW]]));
  assert.equal(count, 3);
  assert.deepEqual(calls, ["use 1", "flip 0 1", "flip 1 1"]);
});

Deno.test("Executables.swap() switches nothing when a decoder cannot be put into a slot", async () => {
  const { calls, executables } = setUp({ failUse: "new" });
  await executables.acquire("a", 1, EXE, OLD);
  calls.length = 0;
  await assert.rejects(executables.swap(new Map([["a", NEW]])), /no module/);
  assert.deepEqual(calls, []);
});
