/** What LoaderClient and the real loader do together: asking, attaching to a real Go program, ending. */
import assert from "node:assert/strict";
import {
  COUNTER_RECORDS,
  KIND_PROCESS_EXEC,
  KIND_PROCESS_EXIT,
  KIND_SPAN_START,
  MAX_SLOTS,
  OFFSET_HEADER_PID,
  OP_READ,
  PROBE_SERVER_END,
  PROBE_SERVER_START,
} from "../../bpf/wire.gen.ts";
import { inspectGoExe } from "../../src/goexe/inspect.ts";
import { ExeSource } from "../../src/loader/exe_source.ts";
import { LoaderError, LoaderExitError } from "../../src/loader/loader_error.ts";
import { LoaderClient } from "../../src/loader/client.ts";
import { WIRE_FINGERPRINT } from "../../src/wire/hello.ts";
import { BpfObjects } from "../support/bpf_state.ts";
import { eventually, patiently } from "../support/eventually.ts";
import { goBuild } from "../support/go_build.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { DEFAULT_TOOLCHAIN } from "../support/toolchains.ts";
import { LOADER, LoaderSession } from "./session.ts";

const MODULE = new URL("../programs", import.meta.url).pathname;
const ALWAYS_ON = { enabled: true, measure: false, name: "always_on", ratio: 1 } as const;

async function goServer(): Promise<Program> {
  const exe = await goBuild({ module: MODULE, package: "./matrix", toolchain: DEFAULT_TOOLCHAIN });
  return await Program.start(exe, { args: ["back"] });
}

function refusedWith(errno: number, words: RegExp) {
  return (error: unknown) =>
    error instanceof LoaderError && error.errno === errno && words.test(error.message);
}

rootTest("tsunagi-go says in HELLO what it was built from and where it runs", async () => {
  await using session = await LoaderSession.start();
  assert.equal(session.hello.fingerprint, WIRE_FINGERPRINT);
  assert.equal(session.hello.loaderPid, session.client.pid);
  assert.equal(session.hello.hostName, Deno.hostname());
  assert.equal(session.hello.kernelRelease, Deno.osRelease());
  assert.equal(session.hello.features.sockhash, true);
  // Deno tells whole seconds since the boot.
  const shiftMs = Number(session.hello.realtimeOffsetNs) / 1e6 + performanceSinceBootMs() - Date.now();
  assert.ok(Math.abs(shiftMs) < 60_000, `the clock is off by ${shiftMs} ms`);
});

function performanceSinceBootMs(): number {
  return Deno.osUptime() * 1_000;
}

rootTest("LoaderClient leaves no pipe in the file system once records flow", async () => {
  await using session = await LoaderSession.start();
  await eventually(() => assert.throws(() => Deno.statSync(session.client.fifoPath), Deno.errors.NotFound));
});

rootTest("list() names this process with its executable, and no kernel thread", async () => {
  await using session = await LoaderSession.start();
  const processes = await session.client.list();
  const self = processes.find(({ pid }) => pid === Deno.pid);
  assert.ok(self, "this process is not in the list");
  assert.equal(self.exe, Deno.execPath());
  const file = Deno.statSync(Deno.execPath());
  assert.equal(self.exeInode, BigInt(file.ino ?? 0));
  assert.equal(self.exeDevice, BigInt(file.dev));
  assert.equal(self.exeBytes, file.size);
  assert.equal(Math.floor(Number(self.exeModifiedNs) / 1e6), file.mtime?.getTime());
  assert.equal(self.parentPid, Deno.ppid);
  assert.ok(processes.every(({ exe }) => exe.startsWith("/")), "a process has no executable");
});

rootTest("describe() tells OTEL_* variables, without credentials and without others", async () => {
  await using session = await LoaderSession.start();
  const child = new Deno.Command("sleep", {
    args: ["60"],
    env: { OTEL_SERVICE_NAME: "cart", OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret", OTHER: "x" },
  }).spawn();
  try {
    // In the middle of an exec the program is there already and its environment not yet.
    await eventually(async () => {
      const { environment } = await session.client.describe(child.pid);
      assert.deepEqual(environment, { OTEL_SERVICE_NAME: "cart" });
    });
  } finally {
    child.kill();
    await child.status;
  }
});

rootTest("describe() tells the arguments, cut at 2 KiB, and the cgroup", async () => {
  await using session = await LoaderSession.start();
  const long = "x".repeat(4_000);
  const child = new Deno.Command("sh", { args: ["-c", "read wait", "", long], stdin: "piped" }).spawn();
  try {
    await eventually(async () => {
      const { args, cgroup } = await session.client.describe(child.pid);
      assert.deepEqual(args.slice(1, 4), ["-c", "read wait", ""]);
      assert.equal(args.length, 5);
      assert.equal(args.join("\0").length, 2_048);
      const lines = Deno.readTextFileSync(`/proc/${child.pid}/cgroup`).trim().split("\n");
      const paths = lines.map((line) => line.split(":").slice(2).join(":")).filter((path) => path !== "/");
      const unified = lines.find((line) => line.startsWith("0::/") && line !== "0::/")?.slice(3);
      assert.equal(cgroup, unified ?? paths[0] ?? "");
    });
  } finally {
    child.kill();
    await child.stdin.close();
    await child.status;
  }
});

rootTest("describe() of a process that is not there fails with ESRCH", async () => {
  await using session = await LoaderSession.start();
  await assert.rejects(session.client.describe(4_194_303), refusedWith(3, /no such process/));
});

rootTest("ports() tells the TCP ports on which a process listens", async () => {
  await using session = await LoaderSession.start();
  using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using second = Deno.listen({ hostname: "::1", port: 0 });
  const ports = await session.client.ports(Deno.pid);
  assert.ok(ports.includes(first.addr.port) && ports.includes(second.addr.port), `only ${ports}`);
});

rootTest("readExe() yields the file's bytes, over many records and up to its end", async () => {
  await using session = await LoaderSession.start();
  const { client } = session;
  const path = LOADER;
  const bytes = Deno.readFileSync(path);
  const own = await client.describe(client.pid);
  assert.equal(own.exeBytes, bytes.length);
  assert.deepEqual(await client.readExe(client.pid, 0, 64), bytes.slice(0, 64));
  assert.deepEqual(await client.readExe(client.pid, 3, 200_001), bytes.slice(3, 200_004));
  assert.deepEqual(await client.readExe(client.pid, bytes.length - 5, 4_096), bytes.slice(-5));
  assert.equal((await client.readExe(client.pid, bytes.length, 8)).length, 0);
  await assert.rejects(client.readExe(client.pid, 0, 5 << 20), refusedWith(22, /must be 1 to/));
});

rootTest("tsunagi-go sends exec and exit of other processes", async () => {
  await using session = await LoaderSession.start();
  const child = new Deno.Command("sleep", { args: ["0.05"] }).spawn();
  await child.status;
  const kinds = () =>
    session.others.filter(({ bytes }) =>
      new DataView(bytes.buffer).getUint32(OFFSET_HEADER_PID, true) === child.pid
    )
      .map(({ kind }) => kind);
  await eventually(() => assert.deepEqual(kinds(), [KIND_PROCESS_EXEC, KIND_PROCESS_EXIT]));
});

for (const args of [[], ["--perf-uprobes"]]) {
  rootTest(`attach() makes a Go server's requests visible, detach() ends that ${args}`.trim(), async () => {
    await using server = await goServer();
    await using session = await LoaderSession.start({ args });
    const { client, others } = session;
    assert.equal(session.hello.features.uprobeMulti, args.length === 0 && await kernelHasMulti());
    const process = await client.describe(server.pid);
    const inspection = await inspectGoExe(
      new ExeSource({ loader: client, pid: server.pid, size: process.exeBytes }),
    );
    assert.equal(inspection.kind, "go");
    if (inspection.kind !== "go") return;
    const sites = inspection.exe.sites.filter(({ probe }) =>
      probe === PROBE_SERVER_START || probe === PROBE_SERVER_END
    );
    await client.layout(0, layoutForTest());
    await client.plan(0, PROBE_SERVER_START, []);
    await client.flip(0, 0);
    await client.target(server.pid, ALWAYS_ON);
    const attachment = await client.attach(server.pid, 0, sites);
    const starts = () => others.filter(({ kind }) => kind === KIND_SPAN_START).length;
    const request = async () => {
      await (await fetch(`${server.url}/back`, { headers: { connection: "close" } })).body?.cancel();
    };
    await request();
    await eventually(() => assert.equal(starts(), 1));
    await client.detach(attachment);
    await request();
    const { counters } = await client.stats();
    assert.equal(counters.begun_server, 1);
    assert.equal(starts(), 1);
    await assert.rejects(client.detach(attachment), refusedWith(2, /no such attachment/));
  });
}

/** Offsets of Go 1.26 (DWARF of its runtime and net/http) as far as a server start needs them. */
function layoutForTest(): Record<string, number> {
  const none = 0xffffffff;
  return {
    g_goid: 152,
    g_parent_goid: 280,
    g_m: 48,
    m_curg: 184,
    request_ctx: 248,
    request_header: 56,
    request_method: 0,
    transport_request_request: 0,
    persist_conn_conn: 80,
    persist_conn_tls_state: 96,
    response_conn: 0,
    conn_hijacked: none,
    header_map_kind: 2,
    g_dead: 6,
  };
}

async function kernelHasMulti(): Promise<boolean> {
  await using session = await LoaderSession.start();
  return session.hello.features.uprobeMulti;
}

rootTest("attach() refuses what cannot be probed, and keeps nothing of it", async () => {
  await using session = await LoaderSession.start();
  const { client } = session;
  const beyond = { fileOffset: 1 << 30, probe: PROBE_SERVER_START, flags: 0 };
  await assert.rejects(client.attach(client.pid, 0, [beyond]), (error) => error instanceof LoaderError);
  await assert.rejects(client.attach(4_194_303, 0, [beyond]), refusedWith(3, /no such process/));
  await assert.rejects(client.attach(client.pid, 1 << 20, [beyond]), refusedWith(22, /binding/));
  await assert.rejects(client.attach(client.pid, 0, []), refusedWith(22, /0 sites/));
});

rootTest("plan(), flip() and target() pass on why the loader refuses", async () => {
  await using session = await LoaderSession.start();
  const { client } = session;
  const wild = { code: OP_READ, string: 0, source: 60_000, add: 0, length: 8 };
  await assert.rejects(client.plan(0, PROBE_SERVER_START, [wild]), refusedWith(22, /source 60000/));
  await assert.rejects(client.flip(0, MAX_SLOTS), refusedWith(22, /slot/));
  await assert.rejects(client.target(1, { enabled: false }), refusedWith(2, /not traced/));
  await assert.rejects(client.target(4_194_303, ALWAYS_ON), refusedWith(3, /no such process/));
});

rootTest("tsunagi-go forgets a target when the process ends", async () => {
  await using session = await LoaderSession.start();
  const { client } = session;
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  await client.target(child.pid, ALWAYS_ON);
  await client.target(child.pid, ALWAYS_ON);
  child.kill("SIGKILL");
  await child.status;
  await eventually(() =>
    assert.rejects(client.target(child.pid, { enabled: false }), refusedWith(2, /not traced/))
  );
});

rootTest("backfill() adopts client connections only", async () => {
  await using session = await LoaderSession.start();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ours = [];
  for (let index = 0; index < 3; index++) {
    ours.push(
      await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
      await listener.accept(),
    );
  }
  const before = (await session.client.stats()).counters.sockets_adopted;
  const adopted = await session.client.backfill(Deno.pid);
  assert.ok(adopted >= 3, `adopted ${adopted}`);
  assert.equal((await session.client.stats()).counters.sockets_adopted - before, adopted);
  assert.equal(await session.client.backfill(Deno.pid), 0);
  const [client, server] = ours;
  if (!client || !server) throw new Error("no connection");
  await client.write(new TextEncoder().encode("still works"));
  const buffer = new Uint8Array(64);
  assert.equal(await server.read(buffer), 11);
  ours.forEach((connection) => connection.close());
});

rootTest("stats() tells what the loader costs", async () => {
  await using session = await LoaderSession.start();
  const stats = await session.client.stats();
  assert.ok(stats.cpuTimeNs > 0 && stats.residentBytes > 1 << 20);
  assert.ok(stats.recordsSent >= 1 && stats.bytesSent >= 64);
  assert.equal(Object.keys(stats.counters).length > COUNTER_RECORDS, true);
});

rootTest("LoaderClient.start() tells the loader's reason when it does not come up", async () => {
  await assert.rejects(
    LoaderClient.start({ path: LOADER, args: ["--cgroup", "/nowhere"] }),
    (error) => error instanceof LoaderExitError && error.reason.code === "cgroup-v2-missing",
  );
  await assert.rejects(LoaderClient.start({ path: "/nowhere/tsunagi-go" }), /Cannot run/);
});

rootTest("nothing stays in the kernel after dispose, SIGTERM, SIGKILL", async () => {
  for (const signal of [null, "SIGTERM", "SIGKILL"] as const) {
    await using server = await goServer();
    await using session = await LoaderSession.start();
    const { client } = session;
    const { exeBytes: size } = await client.describe(server.pid);
    const inspection = await inspectGoExe(new ExeSource({ loader: client, pid: server.pid, size }));
    if (inspection.kind !== "go") throw new Error("not a Go program");
    await client.target(server.pid, ALWAYS_ON);
    await client.attach(server.pid, 0, inspection.exe.sites);
    const objects = BpfObjects.of(client.pid);
    assert.notDeepEqual(await objects.left(), []);
    if (signal === null) await client[Symbol.asyncDispose]();
    else Deno.kill(client.pid, signal);
    const reason = await patiently(client.exited, "the end of the loader");
    assert.equal(reason?.code ?? null, signal === "SIGKILL" ? "loader-died" : null);
    await eventually(async () => assert.deepEqual(await objects.left(), []));
    await (await fetch(`${server.url}/back`)).body?.cancel();
  }
});
