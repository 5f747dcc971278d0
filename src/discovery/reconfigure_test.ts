import assert from "node:assert/strict";
import { fakeDiscovery } from "../../tests/support/fake_discovery.ts";
import { ruleOf, selectOf } from "../../tests/support/select.ts";
import type { SelectRule } from "../config/config.ts";
import type { DiscoveryRules } from "./discovery.ts";

const ON = { name: "always_on", ratio: 1 } as const;

function rulesOf(include: SelectRule[], more: Partial<DiscoveryRules> = {}): DiscoveryRules {
  return { select: selectOf({ include }), sampler: ON, measure: false, ...more };
}

const ONLY_FIRST = [ruleOf({ pids: [1] })];
const BOTH = [ruleOf({ pids: [1, 2] })];
const FIRST = ["traced", "go1.26"], NOT_SELECTED = ["excluded", "not-selected"];

Deno.test("Discovery.reconfigure() releases and takes back one process of an executable, whose probes stay", async () => {
  const { discovery, install, states, calls, targets } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  calls.length = targets.length = 0;
  await discovery.reconfigure(rulesOf(ONLY_FIRST));
  assert.deepEqual(states(), [FIRST, NOT_SELECTED]);
  await discovery.reconfigure(rulesOf(BOTH));
  assert.deepEqual(states(), [FIRST, FIRST]);
  assert.deepEqual(targets, ["2 off", "2 always_on"]);
  assert.deepEqual(calls, []);
});

Deno.test("Discovery.reconfigure() sends one message for another sampler, and none for the same", async () => {
  const { discovery, install, targets, calls } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  targets.length = calls.length = 0;
  await discovery.reconfigure(rulesOf(BOTH));
  assert.deepEqual(targets, []);
  await discovery.reconfigure(
    rulesOf([ruleOf({ pids: [1], sampler: { name: "always_off", ratio: 1 } }), ...BOTH]),
  );
  assert.deepEqual(targets.splice(0), ["1 always_off"], "the last rule that matches has none of its own");
  await discovery.reconfigure(
    rulesOf([...BOTH, ruleOf({ pids: [1], sampler: { name: "always_off", ratio: 1 } })]),
  );
  assert.deepEqual(targets, []);
  await discovery.reconfigure(rulesOf(BOTH, { measure: true }));
  assert.deepEqual(targets.splice(0).sort(), ["1 always_on measured", "2 always_on measured"]);
  await discovery.reconfigure(rulesOf([ruleOf({ pids: [1, 2], exports: ["traces"] })], { measure: true }));
  assert.deepEqual(targets.splice(0).sort(), ["1 always_on", "2 always_on"]);
  assert.deepEqual(calls, []);
});

Deno.test("Discovery.reconfigure() while a process is being attached has the last word", async () => {
  let reconfigured: Promise<void> | null = null;
  const { discovery, install, states, targets } = await fakeDiscovery({
    onAttach: () => {
      reconfigured ??= discovery.reconfigure(rulesOf(ONLY_FIRST));
    },
  });
  install("go1.26", "one");
  await discovery.scan();
  await reconfigured;
  assert.deepEqual(states(), [FIRST, NOT_SELECTED]);
  assert.equal(targets.filter((told) => told.startsWith("2")).at(-1), "2 off");
});

Deno.test("Discovery.reconfigure(): of many at once the last one holds", async () => {
  const { discovery, install, states } = await fakeDiscovery();
  install("go1.26", "one");
  await discovery.scan();
  const none = [ruleOf({ pids: [9] })];
  await Promise.all([none, BOTH, none, ONLY_FIRST].map((include) => discovery.reconfigure(rulesOf(include))));
  assert.deepEqual(states(), [FIRST, NOT_SELECTED]);
});

Deno.test("Discovery.reselect() leaves alone what no rule selects", async () => {
  const { discovery, install, states, registry } = await fakeDiscovery();
  await discovery.scan();
  await discovery.reconfigure(rulesOf(ONLY_FIRST));
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], NOT_SELECTED]);
  install("go1.26", "one");
  await discovery.reselect();
  assert.deepEqual(states(), [FIRST, NOT_SELECTED]);
  registry.remove("go1.26");
  await discovery.reselect();
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], NOT_SELECTED]);
});
