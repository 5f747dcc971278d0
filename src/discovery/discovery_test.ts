import assert from "node:assert/strict";
import { processInfo } from "../../tests/support/process_info.ts";
import { globOf, ruleOf, selectOf } from "../../tests/support/select.ts";
import type { LoaderClient } from "../loader/client.ts";
import { DecoderRegistry } from "../registry/registry.ts";
import { createLogger } from "../support/log.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { DecoderChooser } from "./decoder_chooser.ts";
import { Discovery } from "./discovery.ts";
import { DecoderSlots } from "./slots.ts";

/** A Go executable of another architecture: enough to be listed and refused without a decoder. */
const GO_EXE = await goExecutable("arm64");

async function goExecutable(arch: string): Promise<Uint8Array> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/main.go`, "package main\n\nfunc main() {}\n");
    const { success, stderr } = await new Deno.Command("go", {
      args: ["build", "-o", `${directory}/main`, `${directory}/main.go`],
      env: { GOARCH: arch, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return await Deno.readFile(`${directory}/main`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function processOf(pid: number, exe: string, { length }: Uint8Array): ProcessInfo {
  return processInfo({ pid, exe, exeInode: BigInt(length), exeBytes: length });
}

function setUp(exe: string[] = []) {
  const running = new Map<number, { process: ProcessInfo; bytes: Uint8Array }>();
  const add = (pid: number, path: string, bytes: Uint8Array) =>
    running.set(pid, { process: processOf(pid, path, bytes), bytes });
  const found = (pid: number) => {
    const entry = running.get(pid);
    if (!entry) throw new Error("No such process");
    return entry;
  };
  let reads = 0;
  const log: string[] = [];
  const loader = {
    list: () => Promise.resolve([...running.values()].map(({ process }) => process)),
    describe: async (pid: number) => (await Promise.resolve(found(pid))).process,
    readExe: async (pid: number, offset: number, count: number) => {
      reads++;
      return (await Promise.resolve(found(pid))).bytes.slice(offset, offset + count);
    },
  } as unknown as LoaderClient;
  const discovery = new Discovery({
    loader,
    chooser: new DecoderChooser({
      registry: new DecoderRegistry(),
      learn: () => Promise.reject(new Error("nothing to learn from")),
    }),
    slots: new DecoderSlots({
      loader,
      decoders: {
        use: () => Promise.resolve(),
        release: () => Promise.resolve(),
        inFlight: () => Promise.resolve(new Map()),
      },
      keeps: () => false,
    }),
    select: selectOf({ include: exe.map((path) => ruleOf({ exePath: globOf(path) })) }),
    measure: false,
    sampler: { name: "always_on", ratio: 1 },
    onTarget: () => {},
    log: createLogger({ write: (line) => void log.push(line), format: "json" }),
    signal: new AbortController().signal,
  });
  const states = () => discovery.targets().map(({ pid, state, reason }) => [pid, state, reason?.code]);
  return { running, add, discovery, states, reads: () => reads, log };
}

const NOT_GO = new TextEncoder().encode("#!/bin/sh\n");

Deno.test("Discovery.scan() lists Go processes only, each with its reason", async () => {
  const { add, discovery, states } = setUp();
  add(1, "/bin/sh", NOT_GO);
  add(2, "/opt/app", GO_EXE);
  await discovery.scan();
  assert.deepEqual(states(), [[2, "refused", "unsupported-arch"]]);
});

Deno.test("Discovery warns of what it cannot trace, but not of programs that have no HTTP", async () => {
  const { add, discovery, states, log } = setUp();
  add(2, "/opt/app", GO_EXE);
  add(3, "/opt/tool", await goExecutable("amd64"));
  await discovery.scan();
  assert.deepEqual(states().map(([, , code]) => code), ["unsupported-arch", "no-http"]);
  const told = log.map((line) => JSON.parse(line)).filter(({ pid }) => pid !== undefined);
  assert.deepEqual(told.map(({ level, pid }) => [level, pid]).sort(), [["info", 3], ["warn", 2]]);
});

Deno.test("Discovery excludes a Go process that no rule selects", async () => {
  const { add, discovery, states } = setUp(["*/other"]);
  add(2, "/opt/app", GO_EXE);
  await discovery.scan();
  assert.deepEqual(states(), [[2, "excluded", "not-selected"]]);
});

Deno.test("Discovery reads an executable once for all its processes", async () => {
  const { add, discovery, states, reads } = setUp();
  add(2, "/opt/app", GO_EXE);
  await discovery.scan();
  const before = reads();
  add(3, "/opt/app", GO_EXE);
  await discovery.onExec(3);
  assert.equal(states().length, 2);
  assert.equal(reads(), before);
});

Deno.test("Discovery.onExec() replaces what the process was before, onExit() forgets it", async () => {
  const { add, discovery, states } = setUp();
  add(2, "/opt/app", GO_EXE);
  await discovery.onExec(2);
  assert.equal(states().length, 1);
  add(2, "/bin/sh", NOT_GO);
  await discovery.onExec(2);
  assert.deepEqual(states(), []);
  add(2, "/opt/app", GO_EXE);
  await discovery.onExec(2);
  await discovery.onExit(2);
  assert.deepEqual(states(), []);
});

Deno.test("Discovery.onExec() passes over a process that has ended already", async () => {
  const { discovery, states } = setUp();
  await discovery.onExec(99);
  assert.deepEqual(states(), []);
});

Deno.test("Discovery.rescan() finds what lost events would have told", async () => {
  const { running, add, discovery, states } = setUp();
  add(2, "/opt/app", GO_EXE);
  add(3, "/opt/app", GO_EXE);
  await discovery.scan();
  running.delete(2);
  add(3, "/bin/sh", NOT_GO);
  add(4, "/opt/app", GO_EXE);
  await discovery.rescan();
  assert.deepEqual(states().map(([pid]) => pid), [4]);
});
