/** `tsunagi-go --check` for real: what it tries, what it says of others, and that it leaves nothing behind. */
import assert from "node:assert/strict";
import { type MachineFacts, parseMachineFacts } from "../../src/doctor/machine_facts.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { ExeSource } from "../../src/loader/exe_source.ts";
import { LOADER, LoaderSession } from "../loader/session.ts";
import { BpfSnapshot, unheldSince } from "../support/bpf_state.ts";
import { eventually } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { withoutCapabilities, withoutCgroup2 } from "./namespaces.ts";

const MODULE = new URL("program", import.meta.url).pathname;

async function check(wrap: readonly string[] = [], ...args: readonly string[]): Promise<MachineFacts> {
  const [program, ...words] = [...wrap, LOADER, "--check", ...args];
  const { code, stdout, stderr } = await new Deno.Command(program!, { args: words, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, text(stderr));
  return parseMachineFacts(text(stdout), text(stderr));
}

/** Exit codes of the checks that did not come out well. */
function failures({ checks }: MachineFacts): Record<string, number> {
  return Object.fromEntries(checks.filter(({ exit }) => exit !== 0).map(({ check, exit }) => [check, exit]));
}

const ALL = [
  "capabilities",
  "pid-namespace",
  "btf",
  "ring-buffer",
  "sockhash",
  "probe-cookies",
  "push-data",
  "cgroup",
  "load",
  "sk-msg",
  "sockops",
  "processes",
  "uprobe",
];

for (const args of [[], ["--perf-uprobes"]]) {
  rootTest(`--check tries everything on this machine, and leaves nothing ${args}`.trim(), async () => {
    const before = await BpfSnapshot.take();
    const facts = await check([], ...args);
    assert.deepEqual(facts.checks.map(({ check }) => check), ALL);
    assert.deepEqual(failures(facts), {});
    assert.equal(facts.facts.kernel?.release, Deno.osRelease());
    assert.equal(facts.facts.features?.sockhash, true);
    if (args.length > 0) assert.equal(facts.facts.features?.uprobeMulti, false);
    assert.equal(facts.words, "");
    // The kernel frees them some time after their last holder is gone.
    await eventually(async () => assert.deepEqual(await unheldSince(before), []));
  });
}

rootTest("--check goes on after a failure: without capabilities, without cgroup v2", async () => {
  const powerless = await check(withoutCapabilities("bpf", "sys_admin"));
  assert.deepEqual(failures(powerless), { capabilities: 3, load: 3 });
  assert.match(powerless.checks.find(({ exit }) => exit === 3)!.message, /no cap_bpf \(/);
  assert.ok(powerless.facts.cgroup, "it went on");

  const blind = await check(withoutCapabilities("sys_ptrace"));
  assert.deepEqual(failures(blind), { capabilities: 3 });
  assert.equal(blind.checks.at(-1)?.check, "uprobe");

  const without = await check(withoutCgroup2());
  assert.deepEqual(failures(without), { cgroup: 5 });
  assert.deepEqual(without.checks.map(({ check }) => check), ALL.filter((name) => name !== "sockops"));
});

rootTest("--check names another agent's socket programs and uprobes, and loaders that run", async () => {
  using scratch = new ScratchDirectory();
  await using server = await Program.start(await goBuild({ module: MODULE, toolchain: DEFAULT_TOOLCHAIN }));
  // The loader under another name is an agent like any other.
  await using other = await LoaderSession.start({ path: scratch.copy(LOADER, "other-agent") });
  const { client } = other;
  const process = await client.describe(server.pid);
  const inspection = await inspectGoExe(
    new ExeSource({ loader: client, pid: server.pid, size: process.exeBytes }),
  );
  assert.ok(inspection.kind === "go");
  await client.attach(server.pid, 0, inspection.exe.sites);

  const { socketPrograms, uprobes, loaders } = await check();
  const held = socketPrograms.filter(({ pid }) => pid === client.pid);
  assert.deepEqual(held.map(({ type, name, inCgroup }) => [type, name, inCgroup]).sort(), [
    ["sk_msg", "other-agent", false],
    ["sock_ops", "other-agent", true],
  ]);
  const holder = uprobes.find(({ pid }) => pid === client.pid);
  assert.equal(holder?.name, "other-agent");
  assert.ok(holder.links > 0, "it holds links of uprobes");
  assert.equal(loaders.includes(client.pid), false);

  await using own = await LoaderSession.start();
  assert.ok((await check()).loaders.includes(own.client.pid), "the loader that runs is named");
});
