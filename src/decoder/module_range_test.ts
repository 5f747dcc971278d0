import assert from "node:assert/strict";
import { ModuleRange, parseModuleVersion } from "./module_range.ts";

Deno.test("parseModuleVersion: reads releases, pre-releases and pseudo-versions, not what has no numbers", () => {
  assert.deepEqual(parseModuleVersion("v0.17.2"), [0, 17, 2, 0]);
  assert.deepEqual(parseModuleVersion("v0.0.0-20220127200216-cd36cc0744dd"), [0, 0, 0, 20220127200216]);
  assert.deepEqual(parseModuleVersion("v1.2.3-rc.1+incompatible"), [1, 2, 3, 0]);
  assert.deepEqual(parseModuleVersion("v0.17.3-0.20231001000000-cd36cc0744dd"), [0, 17, 3, 0]);
  for (const text of ["(devel)", "", "0.17.2", "v0.17", "v0.17.2x"]) {
    assert.equal(parseModuleVersion(text), null);
  }
});

Deno.test("ModuleRange: holds its first release and not its last", () => {
  const range = ModuleRange.parse(">=0.17.0 <0.48.0")!;
  assert.equal(range.has([0, 16, 99, 0]), false);
  assert.equal(range.has([0, 17, 0, 0]), true);
  assert.equal(range.has([0, 47, 3, 0]), true);
  assert.equal(range.has([0, 48, 0, 0]), false);
});

Deno.test("ModuleRange.parse: yields null for what is no range or an empty one", () => {
  for (const text of ["", ">=0.17.0", ">=0.17 <0.18", ">=0.18.0 <0.17.0", ">=0.17.0 <0.17.0"]) {
    assert.equal(ModuleRange.parse(text), null, text);
  }
});

Deno.test("ModuleRange: tells revisions before the first release apart by their time", () => {
  const has = (text: string, version: string) => ModuleRange.parse(text)!.has(parseModuleVersion(version)!);
  const early = ">=0.0.0-20190404232315 <0.0.0-20220425223049";
  const late = ">=0.0.0-20220624214902 <0.63.0";
  for (
    const [version, inEarly, inLate] of [
      ["v0.0.0-20190404232314-eb5bcb51f2a3", false, false],
      ["v0.0.0-20190404232315-eb5bcb51f2a3", true, false],
      ["v0.0.0-20220425223048-2871e0cb64e4", true, false],
      ["v0.0.0-20220520000938-2e3eb7b945c2", false, false],
      ["v0.0.0-20220624214902-1bab6f366d9e", false, true],
      ["v0.0.1-20190404232315", false, true],
      ["v0.62.9", false, true],
      ["v0.63.0", false, false],
    ] as const
  ) {
    assert.equal(has(early, version), inEarly, version);
    assert.equal(has(late, version), inLate, version);
  }
  assert.equal(ModuleRange.parse(">=0.1.0-20190404232315 <0.2.0"), null);
});
