import assert from "node:assert/strict";
import { ROOT } from "../../tests/support/agent.ts";
import { goBuild } from "../../tests/support/go_build.ts";
import { fakePack } from "../../tests/support/pack.ts";
import { DEFAULT_TOOLCHAIN } from "../../tests/support/toolchains.ts";
import { selectOf } from "../../tests/support/select.ts";
import type { LoaderClient } from "../loader/client.ts";
import { DecoderRegistry, type ExeIdentity } from "../registry/registry.ts";
import { createLogger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { DecoderChooser } from "./decoder_chooser.ts";
import { Discovery } from "./discovery.ts";
import { DecoderSlots } from "./slots.ts";

const RANGE = ">=1.26 <1.27";

/** Two processes of one program, without a kernel under them. */
async function setUp(
  options: {
    flavour?: "plain" | "stripped";
    learn?: (exe: ExeIdentity) => Promise<Reason | null>;
    onAttach?: () => void;
  } = {},
) {
  const path = await goBuild({
    module: `${ROOT}/tests/programs`,
    package: "./matrix",
    toolchain: DEFAULT_TOOLCHAIN,
    flavour: options.flavour ?? "stripped",
  });
  const bytes = await Deno.readFile(path);
  const calls: string[] = [];
  const note = (call: string) => Promise.resolve(void calls.push(call));
  const processes = [1, 2].map((pid): ProcessInfo => ({
    pid,
    parentPid: 0,
    exe: path,
    exeDevice: 1n,
    exeInode: 1n,
    exeBytes: bytes.length,
    exeModifiedNs: 0n,
    startNs: 0n,
    environment: {},
    args: [],
    cgroup: "",
  }));
  const loader = {
    list: () => Promise.resolve(processes),
    readExe: (_pid: number, offset: number, count: number) =>
      Promise.resolve(bytes.slice(offset, offset + count)),
    target: () => Promise.resolve(),
    backfill: () => Promise.resolve(0),
    attach: () => {
      options.onAttach?.();
      return note("attach").then(() => 1);
    },
    detach: () => note("detach"),
    flip: (_binding: number, slot: number) => note(`flip ${slot}`),
    plan: () => Promise.resolve(),
    layout: () => Promise.resolve(),
  } as unknown as LoaderClient;
  const registry = new DecoderRegistry();
  const discovery = new Discovery({
    loader,
    slots: new DecoderSlots({
      loader,
      decoders: {
        use: (slot, pack) => note(`use ${slot} ${pack.digest}`),
        release: () => Promise.resolve(),
        inFlight: () => Promise.resolve(new Map()),
      },
      keeps: (pack) => registry.keeps(pack),
    }),
    chooser: new DecoderChooser({
      registry,
      learn: options.learn ?? (() => Promise.reject(new Error("nothing to learn from"))),
    }),
    select: selectOf(),
    measure: false,
    sampler: { name: "always_on", ratio: 1 },
    onTarget: () => {},
    log: createLogger({ write: () => {} }),
    signal: new AbortController().signal,
  });
  const states = () =>
    discovery.targets().map(({ state, decoder, reason }) => [state, decoder ?? reason?.code]);
  const install = (name: string, digest: string, goRange = RANGE) =>
    assert.ok(!("code" in registry.install({ ...fakePack({ name, goRange }), digest }, "pushed")));
  return { registry, discovery, states, install, calls };
}

Deno.test("Discovery.reselect() switches the running executable by one flip, and back to the slot that was kept", async () => {
  const { registry, discovery, states, install, calls } = await setUp();
  install("go1.26", "one");
  await discovery.scan();
  assert.deepEqual(calls, ["use 0 one", "flip 0", "attach"]);
  install("go1.26", "two");
  assert.equal((await discovery.reselect()).executables, 1);
  assert.deepEqual(calls.slice(3), ["use 1 two", "flip 1"]);
  registry.rollback("go1.26");
  await discovery.reselect();
  assert.deepEqual(calls.slice(5), ["flip 0"]);
  assert.deepEqual(states(), [["traced", "go1.26"], ["traced", "go1.26"]]);
});

Deno.test("Discovery.reselect() changes nothing when the decoders that suit are the same", async () => {
  const { discovery, install, calls } = await setUp();
  install("go1.26", "one");
  await discovery.scan();
  calls.length = 0;
  assert.equal((await discovery.reselect()).executables, 0);
  assert.deepEqual(calls, []);
});

Deno.test("Discovery.reselect() refuses what has no decoder any more, and traces it when one comes", async () => {
  const { registry, discovery, states, install, calls } = await setUp();
  await discovery.scan();
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], ["refused", "no-decoder-for-go1.26"]]);
  install("go1.26", "one");
  await discovery.reselect();
  assert.deepEqual(states(), [["traced", "go1.26"], ["traced", "go1.26"]]);
  registry.remove("go1.26");
  await discovery.reselect();
  assert.equal(calls.at(-1), "detach");
  assert.deepEqual(states(), [["refused", "no-decoder-for-go1.26"], ["refused", "no-decoder-for-go1.26"]]);
});

Deno.test("Discovery gives a process the decoder that came while it was being attached", async () => {
  const { discovery, states, install, calls } = await setUp({
    onAttach: () => install("go1.26.5", "two", ">=1.26.5 <1.27"),
  });
  install("go1.26", "one");
  await discovery.scan();
  assert.ok(calls.includes("use 1 two"), calls.join());
  assert.equal(calls.filter((call) => call.startsWith("flip")).at(-1), "flip 1");
  assert.deepEqual(states(), [["traced", "go1.26.5"], ["traced", "go1.26.5"]]);
});

Deno.test("Discovery learns once for all processes whose debug information no decoder fits, or says why not", async () => {
  const lessons: ExeIdentity[] = [];
  const { discovery, states } = await setUp({
    flavour: "plain",
    learn: (exe) => {
      lessons.push(exe);
      return Promise.resolve({ code: "decoder-not-learnt", message: "no", remedy: "none" });
    },
  });
  await discovery.scan();
  assert.equal(lessons.length, 1);
  assert.equal(lessons[0]?.structs?.fields["Request.Method"], 0);
  assert.deepEqual(states(), [["refused", "decoder-not-learnt"], ["refused", "decoder-not-learnt"]]);
});
