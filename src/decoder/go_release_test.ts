import assert from "node:assert/strict";
import { exactRange, GoRange, parseGoVersion } from "./go_release.ts";

Deno.test("parseGoVersion: reads releases, and versions before a release as that release", () => {
  const versions: [version: string, release: [number, number] | null][] = [
    ["go1.26.8", [26, 8]],
    ["go1.20", [20, 0]],
    ["go1.27rc1", [27, 0]],
    ["go1.22beta2", [22, 0]],
    ["devel go1.28-0f1e2d3c Tue Nov 24 00:00:00 2026 +0000", [28, 0]],
    ["go1.24.3 X:nodwarf5", [24, 3]],
    ["go1.22.5-distributor.1", [22, 5]],
    ["go1.22.5 (Red Hat 1.22.5-1.el9)", [22, 5]],
    ["devel +a1b2c3d Mon Jan 1", null],
    ["go1.", null],
    ["go1.2.3.4", null],
    ["go1.26x", null],
    ["go2.0", null],
    ["gccgo 13", null],
    ["", null],
  ];
  for (const [version, release] of versions) assert.deepEqual(parseGoVersion(version), release, version);
});

Deno.test("GoRange: holds its first release and not its last", () => {
  const range = new GoRange(">=1.26.11 <1.27");
  assert.equal(range.has([26, 10]), false);
  assert.equal(range.has([26, 11]), true);
  assert.equal(range.has([26, 99]), true);
  assert.equal(range.has([27, 0]), false);
});

Deno.test("GoRange: ranges that touch do not overlap", () => {
  const first = new GoRange(">=1.25 <1.26.11");
  assert.equal(first.overlaps(new GoRange(">=1.26.11 <1.27")), false);
  assert.equal(first.overlaps(new GoRange(">=1.26.10 <1.27")), true);
});

Deno.test("GoRange: contains itself and what lies within, not what reaches out", () => {
  const range = new GoRange(">=1.25 <1.27");
  assert.equal(range.contains(range), true);
  assert.equal(range.contains(new GoRange(">=1.26.3 <1.26.4")), true);
  assert.equal(range.contains(new GoRange(">=1.26 <1.27.1")), false);
  assert.equal(range.contains(new GoRange(">=1.24.9 <1.26")), false);
});

Deno.test("GoRange: refuses what is no range", () => {
  for (
    const text of [
      "",
      "1.23",
      ">=1.23",
      ">1.23 <1.24",
      ">=1.23  <1.24",
      ">=1.24 <1.23",
      ">=1.24 <1.24",
      ">=2.0 <2.1",
    ]
  ) {
    assert.throws(() => new GoRange(text), SyntaxError, text);
  }
});

Deno.test("exactRange: is the patch release alone, that of a version before a release the release", () => {
  assert.equal(exactRange("go1.28.1"), ">=1.28.1 <1.28.2");
  assert.equal(exactRange("go1.28rc2"), ">=1.28.0 <1.28.1");
  assert.equal(exactRange("go1.28-0f1e2d3c"), ">=1.28.0 <1.28.1");
  assert.throws(() => exactRange("gccgo 13"), RangeError);
});
