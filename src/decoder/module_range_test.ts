import assert from "node:assert/strict";
import { ModuleRange, parseModuleVersion } from "./module_range.ts";

Deno.test("parseModuleVersion: reads releases, pre-releases and pseudo-versions, not what has no numbers", () => {
  assert.deepEqual(parseModuleVersion("v0.17.2"), [0, 17, 2]);
  assert.deepEqual(parseModuleVersion("v0.0.0-20220127200216-cd36cc0744dd"), [0, 0, 0]);
  assert.deepEqual(parseModuleVersion("v1.2.3-rc.1+incompatible"), [1, 2, 3]);
  for (const text of ["(devel)", "", "0.17.2", "v0.17", "v0.17.2x"]) {
    assert.equal(parseModuleVersion(text), null);
  }
});

Deno.test("ModuleRange: holds its first release and not its last", () => {
  const range = ModuleRange.parse(">=0.17.0 <0.48.0")!;
  assert.equal(range.has([0, 16, 99]), false);
  assert.equal(range.has([0, 17, 0]), true);
  assert.equal(range.has([0, 47, 3]), true);
  assert.equal(range.has([0, 48, 0]), false);
});

Deno.test("ModuleRange.parse: yields null for what is no range or an empty one", () => {
  for (const text of ["", ">=0.17.0", ">=0.17 <0.18", ">=0.18.0 <0.17.0", ">=0.17.0 <0.17.0"]) {
    assert.equal(ModuleRange.parse(text), null, text);
  }
});
