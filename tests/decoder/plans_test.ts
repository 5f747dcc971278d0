/** Plans and families: what the kernel is asked to do, and which releases share a decoder. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { groupFamilies } from "../../decoder-as/plans/family.ts";
import { type GoLayout, parseLayout } from "../../decoder-as/plans/layout.ts";
import { PlanBuilder } from "../../decoder-as/plans/plan_builder.ts";
import { generatedFiles } from "../../decoder-as/plans/render.ts";
import { layouts, packFor, packs, packsFor } from "./fixture.ts";

const ROOT = new URL("../../", import.meta.url);
/** Reads of user memory at a server's start: the kernel adds goid, context, header map and its keys. */
const MAX_SERVER_START_OPS = 5;
const REGISTER_OBJECT = (reserved: number) => reserved - 8 * wire.MAX_REGISTERS + 8 * wire.REG_OBJECT;

Deno.test("packs: each release from 1.17 to 1.27 has exactly one", () => {
  for (let minor = 17; minor <= 27; minor++) {
    for (const patch of [0, 1, 10, 11, 99]) {
      const version = `go1.${minor}.${patch}`;
      assert.equal(packsFor(version).length, 1, version);
    }
  }
  assert.deepEqual(packsFor("go1.16.15"), []);
  assert.deepEqual(packsFor("go1.28.0"), []);
});

Deno.test("packs: the layout that changed in 1.26.11 is told apart", () => {
  assert.notEqual(packFor("go1.26.10"), packFor("go1.26.11"));
});

Deno.test("manifest: names a toolchain of every release that the range begins or ends with", () => {
  for (const { manifest } of packs) {
    assert.ok(manifest.provenance.toolchains.length > 0, manifest.name);
    for (const toolchain of manifest.provenance.toolchains) {
      assert.equal(packFor(toolchain).manifest.name, manifest.name, toolchain);
    }
  }
});

Deno.test("manifest: gives the kernel every field of struct go_layout", () => {
  const fields = Object.keys(wire).filter((name) => name.startsWith("OFFSET_GO_LAYOUT_"))
    .map((name) => name.slice("OFFSET_GO_LAYOUT_".length).toLowerCase()).sort();
  for (const { manifest } of packs) assert.deepEqual(Object.keys(manifest.layout).sort(), fields);
});

Deno.test("plans: keep to the limits of the wire and to few reads", () => {
  for (const { manifest: { name, plans } } of packs) {
    for (const { probe, ops } of plans) {
      const isStart = probe === wire.PROBE_SERVER_START || probe === wire.PROBE_CLIENT_START;
      const reserved = isStart ? wire.CAPTURE_START_BYTES : wire.CAPTURE_END_BYTES;
      assert.ok(
        ops.length <= (probe === wire.PROBE_SERVER_START ? MAX_SERVER_START_OPS : 9),
        `${name} ${probe}`,
      );
      assert.equal(ops[0]!.source, REGISTER_OBJECT(reserved));
      for (const { code, source, length } of ops) {
        assert.ok(source % 8 === 0 && source + (code === wire.OP_STRING ? 16 : 8) <= reserved);
        assert.ok(code !== wire.OP_STRING || length <= wire.MAX_STRING_BYTES);
      }
    }
    const probes = plans.map(({ probe }) => probe);
    assert.deepEqual(probes.toSorted((a, b) => a - b), [
      wire.PROBE_SERVER_START,
      wire.PROBE_SERVER_END,
      wire.PROBE_SERVER_ABORT,
      wire.PROBE_SERVER_END_H2,
      wire.PROBE_SERVER_ABORT_H2,
      wire.PROBE_CLIENT_START,
      wire.PROBE_CLIENT_END,
    ]);
  }
});

Deno.test("generated files: are what the layouts give", async () => {
  for (const [path, text] of generatedFiles(groupFamilies([...layouts.values()]))) {
    assert.equal(await Deno.readTextFile(new URL(path, ROOT)), text, path);
  }
});

Deno.test("groupFamilies: joins equal neighbours, keeps different or distant ones apart", () => {
  const one = layouts.get("go1.23")!;
  const other = layouts.get("go1.24")!;
  const range = (layout: GoLayout, goRange: string): GoLayout => ({ ...layout, goRange });
  const ranges = (...given: GoLayout[]) => groupFamilies(given).map(({ goRange }) => goRange);
  assert.deepEqual(ranges(range(one, ">=1.4 <1.5"), range(one, ">=1.3 <1.4")), [">=1.3 <1.5"]);
  assert.deepEqual(ranges(range(one, ">=1.3 <1.4"), range(other, ">=1.4 <1.5")), [
    ">=1.3 <1.4",
    ">=1.4 <1.5",
  ]);
  assert.deepEqual(ranges(range(one, ">=1.3 <1.4"), range(one, ">=1.5 <1.6")), [">=1.3 <1.4", ">=1.5 <1.6"]);
  assert.throws(() => ranges(range(one, ">=1.3 <1.4.2"), range(one, ">=1.4 <1.5")), /overlap/);
});

Deno.test("PlanBuilder: refuses what the kernel could not do", () => {
  const plan = () => new PlanBuilder(wire.PROBE_SERVER_END);
  assert.throws(() => {
    const built = plan();
    built.string(0, built.register(wire.REG_OBJECT), 8);
    built.read(0, 0, 8);
  }, /Cannot read behind a string/);
  assert.throws(() => plan().string(0, 0, 513), RangeError);
  assert.throws(() => plan().read(0, 16, 32).at(8), /Cannot use offset 8/);
  assert.throws(() => {
    const built = plan();
    built.string(0, 0, 512);
    built.string(1, 0, 512);
    built.finish();
  }, /room for 672/);
});

Deno.test("parseLayout: refuses a layout without an offset that all releases have", () => {
  const text = JSON.stringify(layouts.get("go1.23"));
  assert.throws(
    () => parseLayout(text.replace('"g.goid":160', '"g.goid":null'), "x"),
    /offset of g\.goid is null/,
  );
  assert.throws(() => parseLayout(text.replace('"hmap"', '"tree"'), "x"), /headerMap is unknown/);
});
