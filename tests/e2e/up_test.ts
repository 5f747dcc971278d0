/** scripts/up and `deno task run`, as a user types them. */
import assert from "node:assert/strict";
import { Agent, freePort, ROOT } from "../support/agent.ts";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/program.ts";
import { rootTest } from "../support/root.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { buildUnpleasant } from "./bench.ts";

const UP = `${ROOT}/scripts/up`;

/** First line of the waterfall of the demo. */
const TRACE_HEAD = /^\d\d:\d\d:\d\d\.\d{3} +200 .* GET \/ {2}front, back /;

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<Run> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    cwd: ROOT,
    signal: AbortSignal.timeout(600_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Environment of a demo that disturbs nobody and does not sleep long. */
function demoEnvironment(): Record<string, string> {
  return { SLEEP_SCALE: "0.02", FRONT_PORT: String(freePort()), BACK_PORT: String(freePort()) };
}

/** What building takes long for, with the time of each. */
function builtFiles(): string[] {
  const decoders = [...Deno.readDirSync(`${ROOT}/build/decoders`)].map(({ name }) => `decoders/${name}`);
  return ["go.bpf.o", "tsunagi-go", "red.wasm", "service/main.js", ...decoders.sort()]
    .map((name) => `${name} ${Deno.statSync(`${ROOT}/build/${name}`).mtime?.getTime()}`);
}

function isFree(port: string | undefined): boolean {
  try {
    using _ = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
    return true;
  } catch {
    return false;
  }
}

Deno.test("scripts/up --help tells of the agent's flags and of its own", async () => {
  const { code, stdout } = await run(UP, ["--help"]);
  assert.equal(code, 0);
  for (const flag of ["--exe", "--otlp", "--listen", "--demo"]) assert.ok(stdout.includes(flag), flag);
});

rootTest("scripts/up refuses a flag that it does not know with status 2", async () => {
  const { code, stderr } = await run(UP, ["--no-such-flag"]);
  assert.equal(code, 2);
  assert.match(stderr, /--no-such-flag/);
});

rootTest(
  "scripts/up finds at a second start all that the first has made, and traces a running process",
  async () => {
    using scratch = new ScratchDirectory();
    const exe = scratch.copy(await buildUnpleasant(), "service");
    await using back = await Program.start(exe, { args: ["back"] });
    assert.equal((await run("deno", ["task", "--quiet", "build"])).code, 0);
    const made = builtFiles();
    await using agent = await Agent.start({ command: [UP], args: ["--exe", exe] });
    await agent.traced(back.pid);
    assert.deepEqual(builtFiles(), made);
    // Nothing was installed or fetched: each such step has a line of its own.
    assert.deepEqual(
      agent.stderr.filter((line) => /^tsunagi: (installing|updating|fetching)/.test(line)),
      [],
    );
    await agent.stop();
  },
);

rootTest("scripts/up takes a configuration file relative to where it is called", async () => {
  using scratch = new ScratchDirectory();
  const port = freePort();
  Deno.writeTextFileSync(`${scratch.path}/agent.yaml`, `listen: "127.0.0.1:${port}"\nprint: "off"\n`);
  const child = new Deno.Command(UP, {
    args: ["--config", "agent.yaml", "--exe", "/nowhere"],
    cwd: scratch.path,
    stdin: "null",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  try {
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      await response.body?.cancel();
      assert.equal(response.status, 200);
    });
  } finally {
    child.kill("SIGTERM");
  }
  assert.equal((await child.status).code, 0, await errors);
});

rootTest("deno task run starts the agent, and hands a signal on to it", async () => {
  await using agent = await Agent.start({ command: ["deno", "task", "run"], args: ["--exe", "/nowhere"] });
  await agent.stop("SIGINT");
});

rootTest("scripts/up --demo prints each joined trace as a waterfall and leaves nothing behind", async () => {
  const env = demoEnvironment();
  const args = ["--demo-requests", "2", "--listen", `127.0.0.1:${freePort()}`, "--exe", "*/main"];
  const { code, stdout, stderr } = await run(UP, args, env);
  assert.equal(code, 0, stderr);
  const traces = stdout.split("\n\n").filter((text) => text !== "");
  assert.equal(traces.length, 2, stdout);
  for (const trace of traces) {
    assert.match(trace, TRACE_HEAD);
    assert.match(trace, /^ {2}front +server +GET \/ .*━/m);
    assert.match(trace, /^ {2}front +client .*━/m);
    assert.match(trace, /^ {2}back +server +.*GET \/ .*━/m);
  }
  assert.ok(isFree(env["FRONT_PORT"]) && isFree(env["BACK_PORT"]), "front or back is still there");
});

rootTest("scripts/up --demo ends with both services at SIGTERM, with status 0", async () => {
  const env = demoEnvironment();
  await using demo = await Agent.start({
    command: [UP, "--demo"],
    args: ["--exe", "*/main"],
    env,
  });
  await eventually(() => assert.ok(demo.stdout.some((line) => TRACE_HEAD.test(line))));
  await demo.stop();
  assert.ok(isFree(env["FRONT_PORT"]) && isFree(env["BACK_PORT"]), "front or back is still there");
});

const missing = [
  ["BTF", "mount -t tmpfs none /sys/kernel/btf", /BTF.*CONFIG_DEBUG_INFO_BTF/],
  ["cgroup v2", "umount -l -a -t cgroup2", /cgroup v2.*mount/],
  ["uprobes", "mount -t tmpfs none /sys/bus/event_source/devices", /uprobes.*CONFIG_UPROBE_EVENTS/],
] as const;
for (const [what, hide, message] of missing) {
  rootTest(`scripts/up without ${what} says so, and what to do, and fails`, async () => {
    const { code, stderr } = await run("unshare", ["--mount", "sh", "-c", `${hide} && exec ${UP}`]);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
  });
}

rootTest("scripts/up as another user than root says so, and what to do, and fails", async () => {
  const { code, stderr } = await run("unshare", ["--user", UP]);
  assert.notEqual(code, 0);
  assert.match(stderr, /not root.*sudo/);
});
