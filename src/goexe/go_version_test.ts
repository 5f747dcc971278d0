import assert from "node:assert/strict";
import { parseGoVersion } from "./go_version.ts";

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
    assert.deepEqual(parseGoVersion(recorded), { version, minor }, recorded);
  }
});

Deno.test("parseGoVersion does not know other toolchains", () => {
  for (const recorded of ["", "go", "go2.0", "gccgo 13.2", "1.26", "devel +8a2f31c"]) {
    assert.equal(parseGoVersion(recorded), null, recorded);
  }
});
