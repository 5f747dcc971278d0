import assert from "node:assert/strict";
import { headerMapOf, parseGoVersion, stackArguments } from "./go_version.ts";

Deno.test("parseGoVersion leaves out experiments and build dates", () => {
  const cases: Record<string, [string, number]> = {
    "go1.26.8": ["go1.26.8", 26],
    "go1.17": ["go1.17", 17],
    "go1.27rc2": ["go1.27rc2", 27],
    "go1.25.1 X:nodwarf5": ["go1.25.1", 25],
    "go1.25.1-X:jsonv2,nodwarf5": ["go1.25.1", 25],
    "devel go1.28-8a2f31c Mon Nov 2 10:00:00 2026 +0000": ["go1.28-8a2f31c", 28],
    "go1.24.6-vendor.3": ["go1.24.6-vendor.3", 24],
  };
  for (const [recorded, [version, minor]] of Object.entries(cases)) {
    const found = parseGoVersion(recorded);
    assert.deepEqual([found?.version, found?.minor], [version, minor], recorded);
  }
});

Deno.test("parseGoVersion does not know other toolchains", () => {
  for (const recorded of ["", "go", "go2.0", "gccgo 13.2", "1.26", "devel +8a2f31c"]) {
    assert.equal(parseGoVersion(recorded), null, recorded);
  }
});

Deno.test("parseGoVersion lists the experiments of releases and of development versions", () => {
  const cases: Record<string, string[]> = {
    "go1.26.8": [],
    "go1.24.13 X:noswissmap": ["noswissmap"],
    "go1.25.1-X:jsonv2,nodwarf5": ["jsonv2", "nodwarf5"],
    "devel go1.28-8a2f31c Mon Nov 2 10:00:00 2026 +0000 X:jsonv2": ["jsonv2"],
    "go1.26.8 X:": [],
  };
  for (const [recorded, experiments] of Object.entries(cases)) {
    assert.deepEqual(parseGoVersion(recorded)?.experiments, experiments, recorded);
  }
});

Deno.test("headerMapOf tells the kind of map that an experiment chose, and nothing of others", () => {
  assert.equal(headerMapOf(["jsonv2", "noswissmap"]), "hmap");
  assert.equal(headerMapOf(["swissmap"]), "swiss");
  assert.equal(headerMapOf(["nodwarf5"]), null);
});

Deno.test("stackArguments finds the experiments that pass arguments on the stack", () => {
  assert.equal(stackArguments(["jsonv2", "noregabiargs"]), "noregabiargs");
  assert.equal(stackArguments(["noregabiwrappers", "noregabiargs"]), "noregabiwrappers");
  assert.equal(stackArguments(["regabiargs", "nodwarf5"]), null);
});
