import { deepEqual, equal, match } from "node:assert/strict";
import type { DecoderPack } from "../decoder/manifest.ts";
import { DecoderRegistry, type DecoderRegistryOptions, type ExeIdentity } from "./registry.ts";
import { fakePack, STRUCTS, structsWith } from "../../tests/support/pack.ts";

const BROKEN = { code: "decoder-trapped", message: "it trapped", remedy: "Correct it" };

function exe(goVersion: string, change: Partial<ExeIdentity> = {}): ExeIdentity {
  return { goVersion, headerMap: null, modules: new Map(), structs: null, ...change };
}

function registryOf(packs: readonly DecoderPack[], options: DecoderRegistryOptions = {}): DecoderRegistry {
  const registry = new DecoderRegistry(options);
  for (const pack of packs) {
    deepEqual(registry.install(pack, "bundled"), { replaced: null, unchanged: false });
  }
  return registry;
}

/** The chosen decoder's name, "learn", or the code of the refusal. */
function outcome(registry: DecoderRegistry, identity: ExeIdentity): string {
  const selection = registry.choose(identity);
  if (selection.kind === "decoder") return selection.choice.pack.manifest.name;
  return selection.kind === "learn" ? "learn" : selection.reason.code;
}

function refusal(registry: DecoderRegistry, identity: ExeIdentity) {
  const selection = registry.choose(identity);
  if (selection.kind !== "refused") throw new Error(`Cannot read a refusal: it is ${selection.kind}`);
  return selection.reason;
}

Deno.test("choose() takes the decoder whose range holds the release, patch releases included", () => {
  const registry = registryOf(
    [">=1.26.11 <1.27", ">=1.17 <1.19", ">=1.25 <1.26.11"].map((goRange) => fakePack({ goRange })),
  );
  const f = (version: string, want: string) => equal(outcome(registry, exe(version)), want, version);
  f("go1.18.10", "go1.17");
  f("go1.26.10", "go1.25");
  f("go1.26.11", "go1.26.11");
  f("go1.26rc2", "go1.25");
});

Deno.test("choose() takes the narrowest of the ranges that hold the release", () => {
  const registry = registryOf([
    fakePack({ goRange: ">=1.20 <1.28", name: "wide" }),
    fakePack({ goRange: ">=1.26.3 <1.26.4", name: "narrow" }),
    fakePack({ goRange: ">=1.26 <1.27", name: "middle" }),
  ]);
  equal(outcome(registry, exe("go1.26.3")), "narrow");
  equal(outcome(registry, exe("go1.26.4")), "middle");
  equal(outcome(registry, exe("go1.27.0")), "wide");
});

Deno.test("choose() refuses a release outside of every range, with the command that helps", () => {
  const registry = registryOf([fakePack({ goRange: ">=1.23 <1.28" })]);
  equal(outcome(registry, exe("go1.22.12")), "no-decoder-for-go1.22");
  equal(outcome(registry, exe("devel go1.28-abc")), "no-decoder-for-go1.28");
  const reason = refusal(registry, exe("go1.28.1"));
  equal(reason.code, "no-decoder-for-go1.28");
  match(reason.remedy, /deno task decoder new --go DIR --push/);
  const strict = registryOf([fakePack()], { learn: false });
  match(refusal(strict, exe("go1.28.1", { structs: STRUCTS })).remedy, /decoder new --binary FILE --push/);
});

Deno.test("choose() refuses a version that names no release", () => {
  const registry = registryOf([fakePack()], { learn: false, allowNearest: true });
  equal(outcome(registry, exe("tinygo")), "no-decoder-for-unknown-go");
  equal(outcome(registry, exe("tinygo", { structs: STRUCTS })), "no-decoder-for-unknown-go");
});

Deno.test("choose() says to build the decoders when there is none", () => {
  match(refusal(registryOf([]), exe("go1.26.0")).remedy, /deno task build/);
});

Deno.test("choose() compares the structs of an executable that has debug information", () => {
  const registry = registryOf([fakePack()]);
  const checked = (identity: ExeIdentity) => {
    const selection = registry.choose(identity);
    return selection.kind === "decoder" && selection.choice.checked;
  };
  equal(checked(exe("go1.26.1", { structs: STRUCTS })), true);
  equal(checked(exe("go1.26.1")), false);
  const differs = exe("go1.26.1", { structs: structsWith({ "response.status": 120 }) });
  equal(outcome(registry, differs), "learn");
});

Deno.test("choose() without learning refuses differing structs and names at most five fields", () => {
  const registry = registryOf([fakePack({
    structs: structsWith({ a: 1, b: 1, c: 1, d: 1, e: 1, "h.i": null }),
  })], { learn: false });
  const two = structsWith({ "response.status": 120, "h.i": 8 });
  deepEqual(refusal(registry, exe("go1.26.1", { structs: two })), {
    code: "decoder-layout-differs",
    message: "The structs of this go1.26.1 program are not those of decoder go1.26: " +
      "net/http.response.status: 120 in the executable, 112 in decoder go1.26; " +
      "h.i: 8 in the executable, absent in decoder go1.26",
    remedy:
      'Set decoders.learn to true, or make a decoder for it with "deno task decoder new --binary FILE --push"',
  });
  const many = structsWith({ a: 2, b: 2, c: 2, d: 2, e: 2, "URL.Path": 64, "g.goid": 160 });
  const { message } = refusal(registry, exe("go1.26.1", { structs: many }));
  match(message, /; and 2 more$/);
  equal(message.split("in the executable").length - 1, 5);
});

Deno.test("choose() takes the experiments of a stripped executable for a different layout", () => {
  const registry = registryOf([fakePack()]);
  equal(outcome(registry, exe("go1.26.1", { headerMap: "swiss" })), "go1.26");
  const reason = refusal(registry, exe("go1.26.1", { headerMap: "hmap" }));
  equal(reason.code, "decoder-layout-differs");
  match(reason.message, /headerMap: hmap in the executable, swiss in decoder go1\.26/);
});

Deno.test("choose() takes a learnt decoder by equal structs, never by its range", () => {
  const structs = structsWith({ "response.status": 120 });
  const registry = registryOf([fakePack({ goRange: ">=1.25 <1.26", name: "go1.25" })]);
  registry.install(fakePack({ name: "learnt-1", structs, goRange: ">=1.28 <1.29" }), "learnt");
  equal(outcome(registry, exe("go1.28.0")), "no-decoder-for-go1.28");
  equal(outcome(registry, exe("go1.28.0", { structs })), "learnt-1");
  equal(outcome(registry, exe("tinygo", { structs })), "learnt-1");
  equal(outcome(registry, exe("go1.25.1", { structs })), "learnt-1");
  equal(outcome(registry, exe("go1.28.0", { structs: STRUCTS })), "learn");
});

Deno.test("choose() does not learn once more what has failed", () => {
  const structs = structsWith({ "response.status": 120 });
  const registry = registryOf([fakePack()]);
  const learnt = fakePack({ name: "learnt-1", structs });
  registry.install(learnt, "learnt");
  registry.fail(learnt, BROKEN);
  equal(outcome(registry, exe("go1.26.1", { structs })), "decoder-failed");
  equal(outcome(registry, exe("go1.26.1", { structs: structsWith({ "response.status": 128 }) })), "learn");
});

Deno.test("choose() refuses the targets of a failed decoder, also where a wider range would do", () => {
  const narrow = fakePack({ goRange: ">=1.26.11 <1.27", name: "narrow" });
  const registry = registryOf([fakePack({ goRange: ">=1.25 <1.27", name: "wide" }), narrow]);
  registry.fail(narrow, BROKEN);
  equal(outcome(registry, exe("go1.26.11")), "decoder-failed");
  equal(outcome(registry, exe("go1.26.10")), "wide");
  const reason = refusal(registry, exe("go1.26.12"));
  match(reason.message, /narrow 0\.1\.0 was taken out of service: it trapped/);
});

Deno.test("choose() goes back to the wider decoder that a pushed one had narrowed", () => {
  const registry = registryOf([fakePack({ goRange: ">=1.25 <1.27", name: "wide" })]);
  const pushed = fakePack({ goRange: ">=1.26.11 <1.27", name: "narrow" });
  registry.install(pushed, "pushed");
  equal(outcome(registry, exe("go1.26.11")), "narrow");
  registry.fail(pushed, BROKEN);
  equal(outcome(registry, exe("go1.26.11")), "wide");
});

Deno.test("choose() takes the nearest decoder only when allowed, and marks it", () => {
  const packs = [">=1.20 <1.22", ">=1.22 <1.23", ">=1.26 <1.27"].map((goRange) => fakePack({ goRange }));
  const registry = registryOf(packs, { allowNearest: true, learn: false });
  const f = (identity: ExeIdentity, want: string) => {
    const selection = registry.choose(identity);
    equal(
      selection.kind === "decoder" && selection.choice.nearest && selection.choice.pack.manifest.name,
      want,
    );
  };
  f(exe("go1.24.1"), "go1.22");
  f(exe("go1.28.0"), "go1.26");
  f(exe("go1.17.0"), "go1.20");
  const inside = registry.choose(exe("go1.26.0"));
  equal(inside.kind === "decoder" && inside.choice.nearest, false);
  equal(
    outcome(registry, exe("go1.28.0", { structs: structsWith({ "URL.Path": 8 }) })),
    "decoder-layout-differs",
  );
  equal(outcome(registry, exe("go1.28.0", { headerMap: "hmap" })), "decoder-layout-differs");
});

Deno.test("choose() prefers learning to the nearest decoder", () => {
  const registry = registryOf([fakePack()], { allowNearest: true });
  equal(outcome(registry, exe("go1.28.0", { structs: STRUCTS })), "learn");
});

Deno.test("choose() puts the plans of a linked library in place of the decoder's", () => {
  const plan = (probe: number, source: number) => ({
    probe,
    ops: [{ code: 1, string: 0, source, add: 0, length: 8 }],
  });
  const provenance = { toolchains: [], method: "test" };
  const library = { module: "golang.org/x/net", fields: {}, provenance };
  const pack = fakePack({
    plans: [plan(0, 1), plan(1, 2)],
    libraries: [
      { ...library, range: ">=0.17.0 <0.30.0", plans: [plan(1, 17), plan(7, 17)] },
      { ...library, range: ">=0.30.0 <0.48.0", plans: [plan(1, 30)] },
    ],
  });
  const registry = registryOf([pack]);
  const f = (module: string, version: string, want: number[][]) => {
    const selection = registry.choose(exe("go1.26.1", { modules: new Map([[module, version]]) }));
    const plans = selection.kind === "decoder" ? selection.choice.plans : [];
    deepEqual(plans.map(({ probe, ops }) => [probe, ops[0]!.source]), want, version);
    return plans;
  };
  f("golang.org/x/net", "v0.20.1", [[0, 1], [1, 17], [7, 17]]);
  f("golang.org/x/net", "v0.30.0", [[0, 1], [1, 30]]);
  for (const version of ["v0.48.0", "v0.0.0-20240102030405-0123456789ab", "(devel)", ""]) {
    equal(f("golang.org/x/net", version, [[0, 1], [1, 2]]), pack.manifest.plans);
  }
  f("golang.org/x/text", "v0.20.1", [[0, 1], [1, 2]]);
});
