import assert from "node:assert/strict";
import { parseManifest } from "./manifest.ts";

const GOOD = {
  name: "go1.23",
  version: "0.1.0",
  abi: 1,
  wireFingerprint: "0123456789abcdef",
  goRange: ">=1.23 <1.24",
  layout: { g_goid: 160, g_parent_goid: 0xffffffff },
  plans: [{ probe: 0, ops: [{ code: 1, string: 0, source: 1784, add: 8, length: 216 }] }],
  structs: { headerMap: "hmap", gDead: 6, fields: { "g.goid": 160, "Request.pat": null } },
  libraries: [{
    module: "golang.org/x/net",
    range: ">=0.17.0 <0.48.0",
    fields: { "h2responseWriter.rws": 0 },
    plans: [{ probe: 3, ops: [] }],
    provenance: { toolchains: ["go1.23.0"], method: "DWARF" },
  }],
  provenance: { toolchains: ["go1.23.0", "go1.23.12"], method: "DWARF" },
};

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

Deno.test("parseManifest: yields what was written", () => {
  assert.deepEqual(parseManifest(encode(GOOD)), GOOD);
});

Deno.test("parseManifest: names the field that is wrong", () => {
  const wrong: [change: Record<string, unknown>, field: RegExp][] = [
    [{ name: "" }, /name must be/],
    [{ name: "../go1.23" }, /name must be/],
    [{ version: "1.2" }, /version must be/],
    [{ version: "01.2.3" }, /version must be/],
    [{ plans: [GOOD.plans[0], GOOD.plans[0]] }, /plans must be one plan for each probe/],
    [{ structs: { ...GOOD.structs, headerMap: "tree" } }, /structs\.headerMap must be/],
    [{ structs: { ...GOOD.structs, fields: { "g.goid": 70_000 } } }, /structs\.fields\.g\.goid must be/],
    [{ libraries: [{ ...GOOD.libraries[0], range: "all" }] }, /libraries\[0\]\.range must be/],
    [{ libraries: undefined }, /libraries must be/],
    [{ abi: -1 }, /abi must be/],
    [{ wireFingerprint: "0123456789ABCDEF" }, /wireFingerprint must be/],
    [{ goRange: 7 }, /goRange must be/],
    [{ layout: { g_goid: -8 } }, /layout\.g_goid must be/],
    [{ layout: [] }, /layout must be/],
    [{ plans: [{ probe: 99, ops: [] }] }, /plan\.probe must be/],
    [{ plans: [{ probe: 0, ops: new Array(25).fill(GOOD.plans[0]!.ops[0]) }] }, /plan\.ops must be/],
    [{ plans: [{ probe: 0, ops: [{ ...GOOD.plans[0]!.ops[0], string: 8 }] }] }, /op\.string must be/],
    [{ plans: [{ probe: 0, ops: [{ ...GOOD.plans[0]!.ops[0], length: 70_000 }] }] }, /op\.length must be/],
    [{ provenance: null }, /provenance must be/],
    [{ provenance: { toolchains: [1], method: "x" } }, /toolchains must be/],
  ];
  for (const [change, field] of wrong) {
    assert.throws(() => parseManifest(encode({ ...GOOD, ...change })), field);
  }
});

Deno.test("parseManifest: refuses what is no JSON or no UTF-8", () => {
  assert.throws(() => parseManifest(new TextEncoder().encode("{")), /it is no JSON/);
  assert.throws(() => parseManifest(Uint8Array.of(0xff)), /it is no JSON/);
  assert.throws(() => parseManifest(encode(null)), /manifest must be an object/);
});
