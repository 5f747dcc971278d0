import assert from "node:assert/strict";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { GoExe } from "../goexe/types.ts";
import { type AttachingLoader, Executables } from "./executables.ts";

const EXE: GoExe = {
  goVersion: "go1.26.8",
  modulePath: "",
  buildId: "",
  pie: false,
  stripped: false,
  sites: [],
};
const PACK: DecoderPack = {
  manifest: {
    name: "go1.26",
    version: "1.0.0",
    abi: 1,
    wireFingerprint: "0000000000000000",
    goRange: ">=1.26 <1.27",
    layout: { g_goid: 152 },
    plans: [{ probe: 0, ops: [] }, { probe: 1, ops: [] }],
    structs: { headerMap: "swiss", gDead: 6, fields: {} },
    libraries: [],
    provenance: { toolchains: [], method: "" },
  },
  bytes: new Uint8Array(),
  code: new Uint8Array(),
  digest: "",
};

function setUp(fail?: Error) {
  const calls: string[] = [];
  const note = (call: string) => {
    calls.push(call);
    return Promise.resolve();
  };
  const loader: AttachingLoader = {
    attach: (pid, binding) => fail ? Promise.reject(fail) : note(`attach ${pid} ${binding}`).then(() => 7),
    detach: (attachment) => note(`detach ${attachment}`),
    plan: (slot, probe) => note(`plan ${slot} ${probe}`),
    layout: (slot) => note(`layout ${slot}`),
    flip: (binding, slot) => note(`flip ${binding} ${slot}`),
  };
  const executables = new Executables({ loader, useDecoder: (slot) => note(`use ${slot}`) });
  return { calls, executables };
}

Deno.test("Executables.acquire() fills the slot and flips the binding before it attaches", async () => {
  const { calls, executables } = setUp();
  await executables.acquire("a", 1, EXE, PACK);
  assert.deepEqual(calls, ["use 0", "layout 0", "plan 0 0", "plan 0 1", "flip 0 0", "attach 1 0"]);
});

Deno.test("Executables attaches once for all processes of an executable, detaches with the last", async () => {
  const { calls, executables } = setUp();
  await Promise.all([1, 2, 3].map((pid) => executables.acquire("a", pid, EXE, PACK)));
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
  await executables.acquire("a", 1, EXE, PACK);
  await executables.acquire("b", 2, EXE, PACK);
  assert.deepEqual(calls.slice(-2), ["flip 1 0", "attach 2 1"]);
  await executables.release("a", 1);
  await executables.acquire("c", 3, EXE, PACK);
  assert.equal(calls.at(-1), "attach 3 0", "the binding that was given back");
});

Deno.test("Executables.acquire() that fails leaves nothing taken", async () => {
  const { calls, executables } = setUp(new Error("no such file"));
  await assert.rejects(executables.acquire("a", 1, EXE, PACK), /no such file/);
  await assert.rejects(executables.acquire("b", 2, EXE, PACK), /no such file/);
  assert.deepEqual(calls.filter((call) => call.startsWith("flip")), ["flip 0 0", "flip 0 0"]);
});
