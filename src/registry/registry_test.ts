import { deepEqual, equal, match } from "node:assert/strict";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { Reason } from "../support/reason.ts";
import type { DecoderSource } from "./model.ts";
import { DecoderRegistry } from "./registry.ts";
import { fakePack, structsWith } from "../../tests/support/pack.ts";

const BROKEN: Reason = { code: "decoder-trapped", message: "it trapped", remedy: "Correct it" };
const V1 = fakePack({ version: "1.0.0" });
const V2 = fakePack({ version: "2.0.0" });
const V3 = fakePack({ version: "3.0.0" });

function make(...packs: [DecoderPack, DecoderSource][]): DecoderRegistry {
  const registry = new DecoderRegistry({ now: () => Date.UTC(2026, 0, 2) });
  for (const [pack, source] of packs) deepEqual("remedy" in registry.install(pack, source), false);
  return registry;
}

function activeVersion(registry: DecoderRegistry, name = "go1.26"): string | null {
  return registry.active(name)?.pack.manifest.version ?? null;
}

function code(result: object | null): unknown {
  return result && "remedy" in result && "code" in result ? result.code : null;
}

Deno.test("install() replaces by name and keeps what it replaced", () => {
  const registry = make([V1, "bundled"]);
  deepEqual(registry.install(V2, "pushed"), { replaced: V1, unchanged: false });
  equal(activeVersion(registry), "2.0.0");
  equal(registry.keeps(V1), true);
  registry.install(V3, "directory");
  deepEqual([registry.keeps(V1), registry.keeps(V2), registry.keeps(V3)], [false, true, true]);
});

Deno.test("install() of the active bytes changes nothing", () => {
  const registry = make([V1, "bundled"], [V2, "pushed"]);
  const before = registry.report();
  deepEqual(registry.install(fakePack({ version: "2.0.0" }), "directory"), {
    replaced: null,
    unchanged: true,
  });
  deepEqual(registry.report(), before);
});

Deno.test("install() refuses a range that neither holds another nor lies within it", () => {
  const registry = make([fakePack({ goRange: ">=1.20 <1.24", name: "a" }), "bundled"]);
  const f = (goRange: string, want: string | null) =>
    equal(code(registry.install(fakePack({ goRange, name: "b" }), "pushed")), want, goRange);
  f(">=1.23 <1.25", "decoder-ambiguous");
  f(">=1.18 <1.21", "decoder-ambiguous");
  f(">=1.20 <1.24", "decoder-ambiguous");
  equal(registry.active("b"), null);
  f(">=1.21 <1.22", null);
  f(">=1.18 <1.25", null);
  f(">=1.24 <1.25", null);
  f("1.24", "decoder-bad-range");
  equal(registry.active("b")?.pack.manifest.goRange, ">=1.24 <1.25");
});

Deno.test("install() does not let a learnt pack take another's name, nor count its range", () => {
  const registry = make([V1, "bundled"]);
  equal(code(registry.install(V2, "learnt")), "decoder-ambiguous");
  equal(code(registry.install(fakePack({ name: "x", goRange: ">=1.26.1 <1.28" }), "learnt")), null);
  equal(code(registry.install(fakePack({ name: "y", goRange: ">=1.27 <1.29" }), "pushed")), null);
});

Deno.test("install() bounds the learnt packs", () => {
  const registry = make();
  const learn = (index: number) =>
    registry.install(
      fakePack({ name: `learnt-${index}`, structs: structsWith({ "URL.Path": index }) }),
      "learnt",
    );
  for (let index = 0; index < 64; index++) equal(code(learn(index)), null);
  equal(code(learn(64)), "too-many-learnt-decoders");
  equal(code(learn(63)), null);
});

Deno.test("fail() makes the previous pack active and refuses the same bytes from then on", () => {
  const registry = make([V1, "bundled"], [V2, "pushed"]);
  equal(registry.fail(V2, BROKEN), V1);
  equal(activeVersion(registry), "1.0.0");
  equal(registry.keeps(V2), false);
  const again = registry.install(fakePack({ version: "2.0.0" }), "pushed");
  equal(code(again), "decoder-was-rolled-back");
  match((again as Reason).message, /it trapped/);
  equal(activeVersion(registry), "1.0.0");
  equal(code(registry.install(V3, "pushed")), null);
});

Deno.test("fail() of a pack whose previous one has failed too goes back to the bundled one", () => {
  const registry = make([V1, "bundled"], [V2, "pushed"], [V3, "pushed"]);
  equal(registry.fail(V2, BROKEN), V3);
  equal(registry.fail(V3, BROKEN), V1);
  equal(registry.fail(V1, BROKEN), null);
  equal(registry.active("go1.26"), null);
  deepEqual(registry.report().refused.map(({ version, origin }) => [version, origin]), [
    ["2.0.0", "rolled back"],
    ["3.0.0", "rolled back"],
    ["1.0.0", "rolled back"],
  ]);
});

Deno.test("fail() of a pack that is not in use any more only refuses it", () => {
  const registry = make([V1, "bundled"], [V2, "pushed"], [V3, "pushed"]);
  equal(registry.fail(V1, BROKEN), V3);
  equal(activeVersion(registry), "3.0.0");
  equal(registry.fail(fakePack({ name: "unknown" }), BROKEN), null);
});

Deno.test("fail() remembers a bounded number of packs, the latest ones", () => {
  const registry = make();
  const packs = Array.from({ length: 65 }, (_, index) => fakePack({ version: `1.0.${index}` }));
  for (const pack of packs) registry.fail(pack, BROKEN);
  equal(registry.report().refused.length, 64);
  equal(code(registry.install(packs[0]!, "pushed")), null);
  equal(code(registry.install(packs[1]!, "pushed")), "decoder-was-rolled-back");
});

Deno.test("rollback() makes the previous pack active; its bytes may come back", () => {
  const registry = make([V1, "bundled"], [V2, "pushed"], [V3, "pushed"]);
  equal(registry.rollback("go1.26"), V2);
  equal(registry.rollback("go1.26"), V1);
  equal(code(registry.rollback("go1.26")), "decoder-without-previous");
  equal(code(registry.rollback("go1.27")), "decoder-unknown");
  equal(code(registry.install(V3, "pushed")), null);
  equal(activeVersion(registry), "3.0.0");
});

Deno.test("rollback() does not bring back a pack whose range is another's by now", () => {
  const registry = make(
    [fakePack({ name: "a", goRange: ">=1.20 <1.24" }), "bundled"],
    [fakePack({ name: "a", goRange: ">=1.20 <1.22" }), "pushed"],
    [fakePack({ name: "b", goRange: ">=1.22 <1.25" }), "pushed"],
  );
  equal(code(registry.rollback("a")), "decoder-ambiguous");
  equal(registry.active("a")?.pack.manifest.goRange, ">=1.20 <1.22");
});

Deno.test("remove() makes the bundled pack of that name active again, or none", () => {
  const other = fakePack({ name: "other", goRange: ">=1.28 <1.29" });
  const registry = make([V1, "bundled"], [V2, "directory"], [V3, "directory"], [other, "directory"]);
  equal(registry.remove("go1.26"), V1);
  equal(registry.remove("go1.26"), V1);
  equal(registry.keeps(V2), false);
  equal(registry.remove("other"), null);
  equal(registry.active("other"), null);
  equal(registry.remove("never"), null);
});

Deno.test("remove() forgets that an installed pack failed, so that its releases are anybody's again", () => {
  const pack = fakePack({ name: "x", goRange: ">=1.28 <1.29" });
  const registry = make([pack, "directory"]);
  const exe = { goVersion: "go1.28.1", headerMap: null, modules: new Map<string, string>(), structs: null };
  const refusal = () => {
    const selection = registry.choose(exe);
    return selection.kind === "refused" ? selection.reason.code : selection.kind;
  };
  registry.fail(pack, BROKEN);
  equal(refusal(), "decoder-failed");
  registry.remove("x");
  equal(refusal(), "no-decoder-for-go1.28");
});

Deno.test("report() lists active packs by the releases they serve, with what they replaced", () => {
  const library = {
    module: "golang.org/x/net",
    range: ">=0.17.0 <0.48.0",
    fields: {},
    plans: [],
    provenance: { toolchains: [], method: "test" },
  };
  const old = fakePack({ goRange: ">=1.17 <1.18", libraries: [library] });
  const { decoders } = make([V1, "bundled"], [old, "bundled"], [V2, "pushed"]).report();
  deepEqual(decoders, [{
    name: "go1.17",
    version: "0.1.0",
    goRange: ">=1.17 <1.18",
    libraries: ["golang.org/x/net >=0.17.0 <0.48.0"],
    digest: old.digest,
    source: "bundled",
    state: "active",
    since: "2026-01-02T00:00:00.000Z",
    previous: null,
  }, {
    name: "go1.26",
    version: "2.0.0",
    goRange: ">=1.26 <1.27",
    libraries: [],
    digest: V2.digest,
    source: "pushed",
    state: "active",
    since: "2026-01-02T00:00:00.000Z",
    previous: { version: "1.0.0", digest: V1.digest, source: "bundled" },
  }]);
});
