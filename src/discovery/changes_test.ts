import assert from "node:assert/strict";
import { fakeDiscovery } from "../../tests/support/fake_discovery.ts";
import { processInfo } from "../../tests/support/process_info.ts";
import { ruleOf, selectOf } from "../../tests/support/select.ts";
import type { SelectRule } from "../config/config.ts";
import type { DiscoveryRules } from "./discovery.ts";
import { attaching, excluded, left, trackedOf } from "./tracked.ts";

function rulesOf(...include: SelectRule[]): DiscoveryRules {
  return { select: selectOf({ include }), sampler: { name: "always_on", ratio: 1 }, measure: false };
}

/** What was told since the last call, of one process. */
function toldOf(changes: string[], pid: number): string[] {
  return changes.splice(0).filter((change) => change.startsWith(`${pid} `)).map((change) => change.slice(2));
}

Deno.test("Discovery tells each step of a process, and that it is gone, once", async () => {
  const { discovery, install, changes } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  assert.deepEqual(toldOf(changes, 1), ["attaching", "traced go1.26"]);
  await discovery.onExit(1);
  await discovery.onExit(1);
  assert.deepEqual(toldOf(changes, 1), ["gone go1.26"]);
});

Deno.test("Discovery tells of another program in the same process that the one before is gone", async () => {
  const { discovery, install, changes } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  changes.length = 0;
  await discovery.onExec(2);
  assert.deepEqual(toldOf(changes, 2), ["gone go1.26", "attaching", "traced go1.26"]);
});

Deno.test("Discovery tells of other decoders and rules what is another, and nothing where nothing is", async () => {
  const { discovery, install, registry, changes } = await fakeDiscovery();
  await discovery.scan();
  assert.deepEqual(toldOf(changes, 1), ["attaching", "refused no-decoder-for-go1.26"]);
  install("go1.26", "one");
  await discovery.reselect();
  assert.deepEqual(toldOf(changes, 1), ["attaching", "traced go1.26"]);
  install("go1.26.5", "two", ">=1.26.5 <1.27");
  await discovery.reselect();
  assert.deepEqual(toldOf(changes, 1), ["traced go1.26.5"]);
  await discovery.reconfigure(rulesOf(ruleOf({ pids: [1], name: "shop" })));
  assert.deepEqual(toldOf(changes, 1), ["traced go1.26.5 shop"]);
  await discovery.reconfigure(rulesOf(ruleOf({ pids: [1], name: "shop" })));
  await discovery.reselect();
  assert.deepEqual(toldOf(changes, 1), []);
  await discovery.reconfigure(rulesOf(ruleOf({ pids: [2] })));
  assert.deepEqual(toldOf(changes, 1), ["excluded not-selected"]);
  await discovery.reconfigure(rulesOf());
  assert.deepEqual(toldOf(changes, 1), ["attaching", "traced go1.26.5"]);
  registry.remove("go1.26");
  registry.remove("go1.26.5");
  await discovery.reselect();
  assert.deepEqual(toldOf(changes, 1), ["attaching", "refused no-decoder-for-go1.26"]);
});

Deno.test("Discovery tells of a process that no rule selects only that", async () => {
  const { discovery, changes } = await fakeDiscovery();
  await discovery.reconfigure(rulesOf(ruleOf({ pids: [9] })));
  assert.deepEqual(toldOf(changes, 1), ["excluded not-selected"]);
});

Deno.test("Discovery tells nothing more of a process that ends while it is attached", async () => {
  const { discovery, install, changes } = await fakeDiscovery({
    onAttach: () => void Promise.all([discovery.onExit(1), discovery.onExit(2)]),
  });
  install("go1.26", "one");
  await discovery.scan();
  assert.deepEqual(changes.slice().sort(), ["1 attaching", "1 gone", "2 attaching", "2 gone"]);
});

Deno.test("nothing is told of a process that is gone, nor that one is gone of which nothing was told", () => {
  const told: boolean[] = [];
  const knowledge = { inspection: { kind: "not-go" }, structs: null } as const;
  const make = () => trackedOf(processInfo(), knowledge, (_target, gone) => told.push(gone));
  left(make());
  assert.deepEqual(told, []);
  const tracked = make();
  attaching(tracked);
  left(tracked);
  excluded(tracked, { code: "not-selected", message: "no", remedy: "none" });
  assert.deepEqual(told, [false, true]);
});

Deno.test("Discovery tells how long attaching took, anew when it attaches again, not when it swaps a decoder", async () => {
  const { discovery, install } = await fakeDiscovery();
  const attachTime = () => discovery.target(1)?.attachTime;
  await discovery.scan();
  assert.equal(attachTime(), null);
  install("go1.26", "one");
  await discovery.reselect();
  const first = attachTime();
  assert.ok(first && first.analysisMs > 0 && first.attachMs >= 0);
  install("go1.26.5", "two", ">=1.26.5 <1.27");
  await discovery.reselect();
  assert.equal(attachTime(), first);
  await discovery.reconfigure(rulesOf(ruleOf({ pids: [2] })));
  assert.equal(attachTime(), null);
  await discovery.reconfigure(rulesOf());
  assert.ok(attachTime() && attachTime() !== first);
});
