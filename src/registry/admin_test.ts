import { deepEqual, equal, match, rejects } from "node:assert/strict";
import type { DecoderManifest, DecoderPack } from "../decoder/manifest.ts";
import { createLogger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import { DecoderAdmin } from "./admin.ts";
import type { DecoderChange, DecoderEvent, DecoderUse, SwapReport } from "./model.ts";
import { DecoderRegistry } from "./registry.ts";
import { fakePack } from "../../tests/support/pack.ts";

const V1 = fakePack({ version: "1.0.0" });
const V2 = fakePack({ version: "2.0.0" });
const V3 = fakePack({ version: "3.0.0" });
const BAD = new TextEncoder().encode("bad");
const BROKEN: Reason = { code: "decoder-trapped", message: "it trapped", remedy: "Correct it" };
const REFUSED: Reason = { code: "decoder-not-wasm", message: "it is no module", remedy: "Correct it" };
const SWAP: SwapReport = { executables: 3, stageMs: 5, swapMs: 1 };

interface Made {
  readonly apply?: () => Promise<SwapReport>;
  readonly use?: ReadonlyMap<string, DecoderUse>;
}

/** An admin whose gate takes what fakePack() made; `events` are what it did, in order, `told` what it told of it. */
function make({ apply, use }: Made = {}) {
  const events: string[] = [];
  const told: DecoderEvent[] = [];
  const registry = new DecoderRegistry();
  registry.install(V1, "bundled");
  const version = () => registry.active("go1.26")?.pack.manifest.version ?? "none";
  const admin = new DecoderAdmin({
    registry,
    gate: {
      check: (bytes) => {
        events.push("check");
        if (bytes === BAD) return Promise.resolve({ refused: REFUSED });
        const manifest: DecoderManifest = JSON.parse(new TextDecoder().decode(bytes));
        return Promise.resolve({ pack: fakePack(manifest) });
      },
    },
    store: {
      persist: (pack) => Promise.resolve(events.push(`persist ${pack.manifest.version}`) > 0),
      reject: (digest, instead) => {
        const rejected = [V1, V2, V3].find((pack) => pack.digest === digest)?.manifest.version;
        return Promise.resolve(events.push(`reject ${rejected} for ${instead?.manifest.version}`) > 0);
      },
    },
    apply: async () => {
      events.push(`apply ${version()}`);
      return await apply?.() ?? SWAP;
    },
    ...(use ? { use: () => Promise.resolve(use) } : {}),
    onChange: (event) => told.push(event),
    log: createLogger({ write: () => {} }),
  });
  /** Since the last call. */
  const changes = () =>
    told.splice(0).map(({ action, name, version, source, reason }) => [
      action,
      name,
      version,
      source,
      reason?.code ?? null,
    ]);
  return { admin, registry, events, version, told, changes };
}

const always = () => Promise.resolve(true);

function changed(result: DecoderChange | Reason): DecoderChange {
  if ("remedy" in result) throw new Error(`Cannot read the change: it is refused, ${result.code}`);
  return result;
}

Deno.test("put() checks, installs, applies and persists, in that order", async () => {
  const { admin, events } = make();
  const change = changed(await admin.put("go1.26", V2.bytes));
  deepEqual(events, ["check", "apply 2.0.0", "persist 2.0.0"]);
  deepEqual([change.decoder.version, change.decoder.source, change.decoder.previous?.version], [
    "2.0.0",
    "pushed",
    "1.0.0",
  ]);
  deepEqual([change.unchanged, change.persisted], [false, true]);
  const { gateMs, ...swap } = change.swap;
  deepEqual(swap, SWAP);
  equal(gateMs >= 0, true);
});

Deno.test("put() of the active bytes asks neither gate nor executables", async () => {
  const { admin, events } = make();
  await admin.put("go1.26", V2.bytes);
  events.length = 0;
  equal(changed(await admin.put("go1.26", V2.bytes)).unchanged, true);
  deepEqual(events, ["persist 2.0.0"]);
});

Deno.test("put() keeps no copy of what comes with Tsunagi anyway", async () => {
  const { admin, events } = make();
  const change = changed(await admin.put("go1.26", V1.bytes));
  deepEqual([change.unchanged, change.persisted, change.decoder.source], [true, true, "bundled"]);
  deepEqual(events, []);
});

Deno.test("put() leaves the running decoder alone when the gate refuses, and lists the refusal", async () => {
  const { admin, events, version } = make();
  deepEqual(await admin.put("go1.26", BAD), REFUSED);
  deepEqual([events, version()], [["check"], "1.0.0"]);
  const { refused } = await admin.list();
  deepEqual(refused.map(({ name, origin, reason }) => [name, origin, reason]), [["go1.26", "push", REFUSED]]);
});

Deno.test("put() refuses a name that is not the manifest's", async () => {
  const { admin, version } = make();
  const result = await admin.put("go1.27", V2.bytes);
  deepEqual("remedy" in result && [result.code, result.remedy], [
    "decoder-name-differs",
    "Push it as go1.26",
  ]);
  equal(version(), "1.0.0");
});

Deno.test("put() goes back when executables cannot be brought over", async () => {
  let failures = 1;
  const { admin, events, version } = make({
    apply: () => failures-- > 0 ? Promise.reject(new Error("no slot")) : Promise.resolve(SWAP),
  });
  const result = await admin.put("go1.26", V2.bytes);
  equal("remedy" in result && result.code, "decoder-swap-failed");
  match((result as Reason).message, /no slot/);
  deepEqual(events, ["check", "apply 2.0.0", "apply 1.0.0"]);
  equal(version(), "1.0.0");
  equal(changed(await admin.put("go1.26", V2.bytes)).unchanged, false);
});

Deno.test("changes are made one after the other", async () => {
  let running = 0;
  let most = 0;
  const { admin, version } = make({
    apply: async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running--;
      return SWAP;
    },
  });
  await Promise.all([
    admin.put("go1.26", V2.bytes),
    admin.put("go1.26", V3.bytes),
    admin.rollback("go1.26"),
    admin.load("d/x.wasm", fakePack({ goRange: ">=1.28 <1.29" }).bytes, always),
  ]);
  equal(most, 1);
  equal(["2.0.0", "3.0.0"].includes(version()), true);
});

Deno.test("rollback() brings back what was replaced and puts the file aside", async () => {
  const { admin, events } = make();
  await admin.put("go1.26", V2.bytes);
  await admin.put("go1.26", V3.bytes);
  events.length = 0;
  equal(changed(await admin.rollback("go1.26")).decoder.version, "2.0.0");
  equal(changed(await admin.rollback("go1.26")).decoder.version, "1.0.0");
  deepEqual(events, ["apply 2.0.0", "reject 3.0.0 for 2.0.0", "apply 1.0.0", "reject 2.0.0 for undefined"]);
  const result = await admin.rollback("go1.26");
  equal("remedy" in result && result.code, "decoder-without-previous");
});

Deno.test("fail() takes effect at once, and the same bytes do not come back", async () => {
  const { admin, events, version } = make();
  await admin.put("go1.26", V2.bytes);
  events.length = 0;
  const done = admin.fail(V2, BROKEN);
  equal(version(), "1.0.0");
  await done;
  deepEqual(events, ["apply 1.0.0", "reject 2.0.0 for undefined"]);
  const again = await admin.put("go1.26", V2.bytes);
  equal("remedy" in again && again.code, "decoder-was-rolled-back");
  const { refused } = await admin.list();
  deepEqual(refused.map(({ origin, reason }) => [origin, reason.code]).sort(), [
    ["push", "decoder-was-rolled-back"],
    ["rolled back", "decoder-trapped"],
  ]);
});

Deno.test("learn() may be called while a change is applied", async () => {
  const learnt = fakePack({ name: "learnt-1", goRange: ">=1.28 <1.29" });
  const made = make({
    apply: async () => {
      await made.admin.learn(learnt.bytes);
      return SWAP;
    },
  });
  changed(await made.admin.put("go1.26", V2.bytes));
  equal(made.registry.active("learnt-1")?.source, "learnt");
});

Deno.test("load() and unload() follow a file: bad content leaves the decoder, its end brings back the bundled one", async () => {
  const { admin, version } = make();
  const path = "decoders/go1.26.wasm";
  deepEqual(await admin.load(path, V2.bytes, always), { name: "go1.26", digest: V2.digest });
  deepEqual(await admin.load(path, BAD, always), REFUSED);
  equal(version(), "2.0.0");
  deepEqual((await admin.list()).refused.map(({ origin }) => origin), [path]);
  await admin.unload(path, { name: "go1.26", digest: V3.digest });
  equal(version(), "2.0.0");
  deepEqual((await admin.list()).refused, []);
  await admin.unload(path, { name: "go1.26", digest: V2.digest });
  equal(version(), "1.0.0");
});

Deno.test("load() of a file that a push overtook installs nothing", async () => {
  let loading: Promise<unknown> | undefined;
  const { admin, events, version } = make({
    apply: async () => {
      const isCurrent = () => Promise.resolve(!events.includes("persist 3.0.0"));
      loading ??= admin.load("d/go1.26.wasm", V2.bytes, isCurrent);
      while (events.filter((event) => event === "check").length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return SWAP;
    },
  });
  await admin.put("go1.26", V3.bytes);
  equal(await loading, null);
  equal(version(), "3.0.0");
  deepEqual(events, ["check", "apply 3.0.0", "check", "persist 3.0.0"]);
});

Deno.test("load() of a file that is not current any more lists no refusal", async () => {
  const { admin } = make();
  equal(await admin.load("d/x.wasm", BAD, () => Promise.resolve(false)), null);
  deepEqual((await admin.list()).refused, []);
});

Deno.test("list() and get() join what is active with what it does", async () => {
  const counters = { starts: 7, spans: 5, inFlight: 2, badRecords: 0 };
  const { admin } = make({ use: new Map([[V1.digest, { targets: 2, counters }]]) });
  const { decoders, swaps } = await admin.list();
  deepEqual(decoders.map(({ name, targets, counters }) => [name, targets, counters]), [[
    "go1.26",
    2,
    counters,
  ]]);
  deepEqual(swaps, { count: 0, p50Ms: null, p99Ms: null, maxMs: null, lastMs: null });
  const detail = await admin.get("go1.26");
  deepEqual("manifest" in detail && [detail.targets, detail.manifest], [2, V1.manifest]);
  const unknown = await admin.get("go1.99");
  equal("remedy" in unknown && unknown.code, "decoder-unknown");
});

Deno.test("list() tells swap times by nearest rank, of the latest 1000", async () => {
  let next = 0;
  const { admin } = make({ apply: () => Promise.resolve({ executables: 1, stageMs: 0, swapMs: ++next }) });
  const swap = (pack: DecoderPack) => admin.put("go1.26", pack.bytes);
  for (let index = 0; index < 1_010; index++) await swap(index % 2 ? V2 : V3);
  deepEqual((await admin.list()).swaps, {
    count: 1_010,
    p50Ms: 510,
    p99Ms: 1_000,
    maxMs: 1_010,
    lastMs: 1_010,
  });
});

Deno.test("list() shows a bounded number of refusals", async () => {
  const { admin } = make();
  for (let index = 0; index < 70; index++) await admin.put("go1.26", BAD);
  equal((await admin.list()).refused.length, 64);
});

Deno.test("a gate that fails by itself fails the push, not those after it", async () => {
  const { registry } = make();
  let broken = true;
  const admin = new DecoderAdmin({
    registry,
    gate: { check: () => broken ? Promise.reject(new Error("worker died")) : Promise.resolve({ pack: V2 }) },
    store: { persist: () => Promise.resolve(false), reject: () => Promise.resolve(false) },
    apply: () => Promise.resolve(SWAP),
    log: createLogger({ write: () => {} }),
  });
  await rejects(admin.put("go1.26", V2.bytes), { message: "worker died" });
  broken = false;
  equal(changed(await admin.put("go1.26", V2.bytes)).persisted, false);
});

Deno.test("onChange() is told what is in use after a push, a rollback and a failure", async () => {
  const { admin, told, changes } = make();
  await admin.put("go1.26", V2.bytes);
  match(told[0]!.at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  await admin.put("go1.26", V2.bytes);
  deepEqual(changes(), [["activated", "go1.26", "2.0.0", "pushed", null]], "the same bytes change nothing");
  await admin.rollback("go1.26");
  deepEqual(changes(), [["rolled_back", "go1.26", "1.0.0", "bundled", null]]);
  await admin.rollback("go1.26");
  deepEqual(changes(), [], "there is none before");
  await admin.put("go1.26", V3.bytes);
  await admin.put("go1.26", V2.bytes);
  changes();
  await admin.fail(V3, BROKEN);
  deepEqual(changes(), [["refused", "go1.26", "3.0.0", null, "decoder-trapped"]], "it was in use no more");
  await admin.fail(V2, BROKEN);
  deepEqual(changes(), [["rolled_back", "go1.26", "1.0.0", "bundled", "decoder-trapped"]]);
  await admin.fail(V1, BROKEN);
  deepEqual(changes(), [["removed", "go1.26", "1.0.0", "bundled", "decoder-trapped"]], "none is left");
});

Deno.test("onChange() is told of what is refused, by whence it came", async () => {
  let failures = 1;
  const { admin, changes } = make({
    apply: () => failures-- > 0 ? Promise.reject(new Error("no slot")) : Promise.resolve(SWAP),
  });
  await admin.put("go1.26", V2.bytes);
  deepEqual(changes(), [["refused", "go1.26", "2.0.0", "pushed", "decoder-swap-failed"]]);
  await admin.put("go1.26", BAD);
  await admin.learn(BAD);
  await admin.load("d/x.wasm", BAD, always);
  deepEqual(changes(), [
    ["refused", "go1.26", null, "pushed", "decoder-not-wasm"],
    ["refused", null, null, "learnt", "decoder-not-wasm"],
    ["refused", null, null, "directory", "decoder-not-wasm"],
  ]);
});

Deno.test("onChange() is told of learnt decoders, and of files that come and go", async () => {
  const { admin, changes } = make();
  const learnt = fakePack({ name: "learnt-1", goRange: ">=1.28 <1.29" });
  await admin.learn(learnt.bytes);
  await admin.learn(learnt.bytes);
  deepEqual(changes(), [["activated", "learnt-1", learnt.manifest.version, "learnt", null]]);
  await admin.load("d/go1.26.wasm", V2.bytes, always);
  deepEqual(changes(), [["activated", "go1.26", "2.0.0", "directory", null]]);
  await admin.unload("d/go1.26.wasm", { name: "go1.26", digest: V2.digest });
  deepEqual(changes(), [
    ["removed", "go1.26", "2.0.0", "directory", null],
    ["activated", "go1.26", "1.0.0", "bundled", null],
  ]);
});
