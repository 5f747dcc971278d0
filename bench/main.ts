/**
 * What tracing costs: CPU that a traced server uses more for a request, and CPU of loader and service for a span.
 * Rounds with and without the agent alternate, so that a drift of the machine hits both. Run by `deno task bench`;
 * writes its section of bench/RESULTS.md.
 */
import { Agent, ROOT } from "../tests/support/agent.ts";
import { goBuild } from "../tests/support/go_build.ts";
import { Program } from "../tests/support/program.ts";
import { DEFAULT_TOOLCHAIN } from "../tests/support/toolchains.ts";
import { childrenOf, cpuTimeNs } from "./cpu_time.ts";
import { runLoad } from "./load.ts";
import { writeSection } from "./results.ts";
import { median, spread } from "./statistics.ts";

const ROUNDS = Number(Deno.args[0] ?? 9);
const SECONDS = 3;
const CONNECTIONS = 64;
const TARGET_CPU = 0;
const OTHER_CPU = 1;

/** One round: CPU of the target for each request, and of the agent for each span when there is one. */
interface Round {
  readonly targetUs: number;
  readonly requestsPerSecond: number;
  readonly loaderUs: number;
  readonly serviceUs: number;
}

/** Keeps all threads of a process on one CPU, also those that it starts later. */
async function pin(pid: number, cpu: number): Promise<void> {
  const { code, stderr } = await new Deno.Command("taskset", {
    args: ["-a", "-c", "-p", String(cpu), String(pid)],
    stdout: "null",
  }).output();
  if (code !== 0) throw new Error(`Cannot pin process ${pid}: ${new TextDecoder().decode(stderr)}`);
}

async function demandTools(): Promise<void> {
  for (const [tool, debianPackage] of [["wrk", "wrk"], ["taskset", "util-linux"]] as const) {
    try {
      await new Deno.Command(tool, { args: ["--version"], stdout: "null", stderr: "null" }).output();
    } catch (cause) {
      throw new Error(`Cannot measure: ${tool} is not installed (apt-get install ${debianPackage})`, {
        cause,
      });
    }
  }
}

async function measure(target: Program, agent: Agent | null): Promise<Round> {
  const load = { url: `${target.url}/back`, connections: CONNECTIONS, cpu: OTHER_CPU };
  await runLoad({ ...load, seconds: 1 });
  const loader = agent ? childrenOf(agent.pid)[0] : undefined;
  const settledBefore = agent ? (await agent.atRest(1)).exported : 0;
  const before = {
    target: cpuTimeNs(target.pid),
    service: agent ? cpuTimeNs(agent.pid) : 0,
    loader: loader ? cpuTimeNs(loader) : 0,
  };
  const { requests, failures } = await runLoad({ ...load, seconds: SECONDS });
  if (failures > 0) throw new Error(`Cannot measure: ${failures} of ${requests} requests failed`);
  const targetNs = cpuTimeNs(target.pid) - before.target;
  let spans = 1;
  if (agent) {
    const { exported, lost } = await agent.atRest(settledBefore + requests);
    if (Object.keys(lost).length > 0) {
      throw new Error(`Cannot measure: spans were lost: ${JSON.stringify(lost)}`);
    }
    spans = exported - settledBefore;
  }
  return {
    targetUs: targetNs / requests / 1_000,
    requestsPerSecond: requests / SECONDS,
    serviceUs: agent ? (cpuTimeNs(agent.pid) - before.service) / spans / 1_000 : 0,
    loaderUs: loader ? (cpuTimeNs(loader) - before.loader) / spans / 1_000 : 0,
  };
}

async function withAgent(target: Program, exe: string, collectorUrl: string): Promise<Round> {
  await using agent = await Agent.start({ args: ["--exe", exe, "--print", "off", "--otlp", collectorUrl] });
  await agent.traced(target.pid);
  await pin(agent.pid, OTHER_CPU);
  for (const child of childrenOf(agent.pid)) await pin(child, OTHER_CPU);
  return await measure(target, agent);
}

function report(off: readonly Round[], on: readonly Round[]): string {
  const added = on.map(({ targetUs }, index) => targetUs - off[index]!.targetUs);
  const ratio = on.map(({ targetUs }, index) => targetUs / off[index]!.targetUs);
  const rate = on.map((round, index) => round.requestsPerSecond / off[index]!.requestsPerSecond);
  const agentUs = on.map(({ loaderUs, serviceUs }) => loaderUs + serviceUs);
  const row = (name: string, values: readonly number[]) => `| ${name} | ${spread(values)} |`;
  return [
    "# What tracing costs",
    "",
    `\`deno task bench ${ROUNDS}\`: ${ROUNDS} rounds of ${SECONDS} s without and with the agent in turn. One Go ` +
    `${DEFAULT_TOOLCHAIN} server on a CPU of its own, GOMAXPROCS=1; ${CONNECTIONS} keep-alive connections, every ` +
    "request with a sampled `traceparent`; load generator, agent and collector share the other CPU. Spans are exported " +
    "by OTLP to a collector that acknowledges. Rounds with a lost span do not count: the run fails.",
    "",
    `Kernel ${Deno.osRelease()}, ${navigator.hardwareConcurrency} CPUs, virtual machine. Median (least to greatest).`,
    "",
    "| figure | value |",
    "|---|---|",
    row("target CPU without agent, µs a request", off.map(({ targetUs }) => targetUs)),
    row("target CPU with agent, µs a request", on.map(({ targetUs }) => targetUs)),
    row("**added CPU of the target, µs a server request**", added),
    row("ratio of target CPU, with to without", ratio),
    row("ratio of request rate, with to without", rate),
    row("loader CPU, µs a span", on.map(({ loaderUs }) => loaderUs)),
    row("service CPU, µs a span", on.map(({ serviceUs }) => serviceUs)),
    row("**loader + service CPU, µs a span**", agentUs),
    row("requests a second with agent", on.map(({ requestsPerSecond }) => requestsPerSecond)),
    "",
  ].join("\n");
}

await demandTools();
const exe = await goBuild({
  module: `${ROOT}/tests/programs`,
  package: "./matrix",
  toolchain: DEFAULT_TOOLCHAIN,
});
await using target = await Program.start(exe, { args: ["back"], env: { GOMAXPROCS: "1" } });
await pin(target.pid, TARGET_CPU);
await using collector = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    await request.arrayBuffer();
    return new Response(null, { status: 200 });
  },
);
const collectorUrl = `http://127.0.0.1:${collector.addr.port}`;
const off: Round[] = [];
const on: Round[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  off.push(await measure(target, null));
  on.push(await withAgent(target, exe, collectorUrl));
  const added = median(on.map(({ targetUs }, index) => targetUs - off[index]!.targetUs));
  const agentUs = median(on.map(({ loaderUs, serviceUs }) => loaderUs + serviceUs));
  const so = `added ${added.toFixed(2)} µs a request, agent ${agentUs.toFixed(2)} µs a span`;
  Deno.stderr.writeSync(new TextEncoder().encode(`round ${round} of ${ROUNDS}: ${so}\n`));
}
const text = report(off, on);
await writeSection(text);
await Deno.stdout.write(new TextEncoder().encode(text));
