import assert from "node:assert/strict";
import { dependsOnPorts, exclusion, type SelectionRules } from "./selector.ts";

const NONE: SelectionRules = { exe: [], ports: [], pids: [] };
const PROCESS = { pid: 42, exe: "/opt/shop/bin/front" };

Deno.test("exclusion() selects every process when there are no rules", () => {
  assert.equal(exclusion(NONE, PROCESS, []), null);
});

Deno.test("exclusion() selects by any one rule that matches", () => {
  assert.equal(exclusion({ ...NONE, exe: ["*/front"], pids: [1] }, PROCESS, []), null);
  assert.equal(exclusion({ ...NONE, exe: ["*/back"], pids: [42] }, PROCESS, []), null);
  assert.equal(exclusion({ ...NONE, exe: ["*/back"], ports: [8080] }, PROCESS, [9000, 8080]), null);
});

Deno.test("exclusion() names the rules that did not match", () => {
  const reason = exclusion({ exe: ["front"], ports: [8080, 8081], pids: [1] }, PROCESS, [80]);
  assert.equal(reason?.code, "not-selected");
  assert.equal(reason?.message, "No selection rule matches (--exe front; --port 8080, 8081; --pid 1)");
});

Deno.test("dependsOnPorts() is true only with a port rule", () => {
  assert.equal(dependsOnPorts(NONE), false);
  assert.equal(dependsOnPorts({ ...NONE, ports: [80] }), true);
});
