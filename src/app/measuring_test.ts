import assert from "node:assert/strict";
import { loadConfig } from "../config/load.ts";
import { createResource } from "../trace/resource.ts";
import { Measuring } from "./measuring.ts";

Deno.test("Measuring samples while spans come, and once more when calls to the outside are known as such", async () => {
  const { config } = await loadConfig({ flags: {}, getEnv: () => undefined });
  const timers = new Map<number, { readonly ms: number; readonly run: () => void }>();
  const real = [globalThis.setTimeout, globalThis.clearTimeout] as const;
  let started = 0;
  Object.assign(globalThis, {
    setTimeout: (run: () => void, ms: number) => (timers.set(++started, { ms, run }), started),
    clearTimeout: (timer: number) => timers.delete(timer),
  });
  try {
    let told = 0;
    using measuring = new Measuring({
      config,
      stage: () => null,
      own: () => createResource({ pid: 1, exe: "/a", goVersion: "go1.26.8", environment: {}, hostName: "h" }),
      self: () => Promise.resolve([]),
      onActivity: () => told++,
    });
    const elapse = async (): Promise<number> => {
      assert.equal(timers.size, 1);
      const [[timer, { ms, run }]] = [...timers] as [[number, { ms: number; run: () => void }]];
      timers.delete(timer);
      run();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return ms;
    };
    measuring.spansCame();
    assert.deepEqual([await elapse(), await elapse()], [2_000, 2_000]);
    assert.equal(told, 1);
    measuring.spansCame();
    assert.deepEqual([await elapse(), await elapse()], [2_000, 2_000]);
    assert.equal(told, 2);
    // The stage waits ten seconds for the other side of a call.
    assert.ok(await elapse() > 10_000);
    assert.equal(told, 3);
    assert.equal(timers.size, 0);
  } finally {
    [globalThis.setTimeout, globalThis.clearTimeout] = real;
  }
});

Deno.test("Measuring decides filters on the resource for a process, and leaves those on spans to the stage", async () => {
  const file =
    "filter: {application: {k8s_namespace_name: {not_match: '{kube-*,test}'}, service.name: {match: 's*'}, " +
    "url.path: {match: /a}}}";
  const { config } = await loadConfig({
    flags: { config: "f.yaml" },
    getEnv: () => undefined,
    readFile: () => Promise.resolve(file),
  });
  const told: (boolean | undefined)[] = [];
  const resource = (attributes: string) =>
    createResource({
      pid: 1,
      exe: "/a",
      goVersion: null,
      environment: { OTEL_RESOURCE_ATTRIBUTES: attributes },
      hostName: "h",
    });
  using measuring = new Measuring({
    config,
    stage: () => ({
      setRules: () => Promise.resolve(),
      setProcess: ({ filtered }) => told.push(filtered),
      forget: () => {},
      snapshot: () => Promise.resolve(null),
    }),
    own: () => resource(""),
    self: () => Promise.resolve([]),
    onActivity: () => {},
  });
  assert.deepEqual(measuring.setup().rules.filters.map(({ attribute }) => attribute), ["url.path"]);
  const judge = (attributes: string) => {
    measuring.processFound(told.length + 1, resource(attributes), null);
    return told.at(-1);
  };
  assert.deepEqual(judge("service.name=shop,k8s.namespace.name=prod"), false);
  assert.deepEqual(judge("service.name=shop"), false, "what is not told keeps it from nothing");
  assert.deepEqual(judge("service.name=shop,k8s.namespace.name=kube-system"), true);
  assert.deepEqual(judge("service.name=other,k8s.namespace.name=prod"), true);
});
