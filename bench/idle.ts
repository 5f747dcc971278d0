/**
 * What an agent costs that has nothing to do: CPU and memory of loader and service, without and with its page open in
 * Chromium. Two services are traced and have been called before. Run by `deno task bench-idle`; writes its section of
 * bench/RESULTS.md.
 */
import { TestBrowser } from "../tests/page/browser.ts";
import { buildTwoServices, TwoServices } from "../tests/e2e/two_services.ts";
import { Agent } from "../tests/support/agent.ts";
import { childrenOf, CpuMeter } from "./cpu_time.ts";
import { type ProcessMemory, processMemory } from "./process_memory.ts";
import { writeSection } from "./results.ts";
import { median } from "./statistics.ts";

const SECONDS = Number(Deno.args[0] ?? 120);
const REQUESTS = 15;
/** After the last work the service gives memory back, at the latest after this time. */
const SETTLE_SECONDS = 45;

/** What one second cost. */
interface Second {
  readonly serviceNs: number;
  readonly loaderNs: number;
  /** Processes and threads that began anywhere on the machine; the agent looks at every program that starts. */
  readonly started: number;
  readonly memory: ProcessMemory;
}

interface Phase {
  readonly name: string;
  readonly seconds: readonly Second[];
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function startedSoFar(): number {
  return Number(/^processes (\d+)$/m.exec(Deno.readTextFileSync("/proc/stat"))?.[1]);
}

async function measure(name: string, service: number, loader: number): Promise<Phase> {
  const meters = [new CpuMeter(service), new CpuMeter(loader)] as const;
  const seconds: Second[] = [];
  let before = startedSoFar();
  for (let second = 0; second < SECONDS; second++) {
    await pause(1_000);
    const now = startedSoFar();
    const [serviceNs, loaderNs] = [meters[0].elapsedNs(), meters[1].elapsedNs()];
    seconds.push({ serviceNs, loaderNs, started: now - before, memory: processMemory(service) });
    before = now;
  }
  return { name, seconds };
}

/** Those in which, and before which, nothing began on the machine. */
function quiet(seconds: readonly Second[]): readonly Second[] {
  return seconds.filter(({ started }, index) => started === 0 && seconds[index - 1]?.started === 0);
}

function percent(seconds: readonly Second[], ns: (second: Second) => number): string {
  if (seconds.length === 0) return "none";
  return (seconds.reduce((sum, second) => sum + ns(second), 0) / seconds.length / 1e7).toFixed(3);
}

function report(phases: readonly Phase[]): string {
  const mib = (kib: number) => (kib / 1_024).toFixed(1);
  const row = (name: string, value: (phase: Phase) => string) =>
    `| ${[name, ...phases.map(value)].join(" | ")} |`;
  const cpu = (name: string, ns: (second: Second) => number) => [
    row(`${name}, % of a CPU`, ({ seconds }) => percent(seconds, ns)),
    row(`${name}, in quiet seconds`, ({ seconds }) => percent(quiet(seconds), ns)),
  ];
  const memory = (name: string, of: (memory: ProcessMemory) => number) =>
    row(name, ({ seconds }) => {
      const values = seconds.map(({ memory }) => of(memory));
      return `${mib(median(values))} (${mib(Math.min(...values))} to ${mib(Math.max(...values))})`;
    });
  return [
    "# What an idle agent costs",
    "",
    `\`deno task bench-idle ${SECONDS}\`: ${SECONDS} s each without the page, then with it open in Chromium and its ` +
    `stream of events running. Two Go services are traced and were called ${REQUESTS} times before; no traffic. The ` +
    "agent looks at every program that starts on the machine, so CPU is given for all seconds and for the quiet ones, " +
    "in and before which no process or thread began anywhere.",
    "",
    `Kernel ${Deno.osRelease()}, ${navigator.hardwareConcurrency} CPUs, virtual machine, Deno ${Deno.version.deno}. ` +
    "Memory: median (least to greatest) of one sample a second.",
    "",
    `| figure | ${phases.map(({ name }) => name).join(" | ")} |`,
    `|---|${"---|".repeat(phases.length)}`,
    row("quiet seconds", ({ seconds }) => `${quiet(seconds).length} of ${seconds.length}`),
    row(
      "processes and threads begun a second",
      ({ seconds }) => (seconds.reduce((sum, { started }) => sum + started, 0) / seconds.length).toFixed(1),
    ),
    ...cpu("service CPU", ({ serviceNs }) => serviceNs),
    ...cpu("loader CPU", ({ loaderNs }) => loaderNs),
    memory("**service RSS, MiB**", ({ rss }) => rss),
    memory("of it files, MiB: the deno binary and libraries", ({ file }) => file),
    memory("of it anonymous, MiB", ({ anonymous }) => anonymous),
    memory("service PSS, MiB", ({ pss }) => pss),
    "",
  ].join("\n");
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

const exes = await buildTwoServices();
await using services = await TwoServices.start({ sleepScale: 0.01 });
await using agent = await Agent.start({
  args: ["--exe", exes.front, "--exe", exes.back, "--print", "off"],
});
await services.traced(agent);
for (let request = 0; request < REQUESTS; request++) await (await fetch(services.url)).text();
await agent.atRest(REQUESTS);
const [loader] = childrenOf(agent.pid);
if (loader === undefined) throw new Error("Cannot measure: the agent has no loader");
say(`measures twice ${SECONDS} s, each after ${SETTLE_SECONDS} s of rest`);
await pause(1_000 * SETTLE_SECONDS);
const phases = [await measure("without the page", agent.pid, loader)];
{
  await using browser = await TestBrowser.start();
  await using opened = await browser.newPage(new URL(agent.url).origin);
  await opened.page.goto(agent.url);
  await opened.page.evaluate(() => {
    const page = globalThis as unknown as { stream?: EventSource };
    page.stream = new EventSource("api/v1/events");
  });
  await pause(1_000 * SETTLE_SECONDS);
  phases.push(await measure("with the page", agent.pid, loader));
}
const text = report(phases);
await writeSection(text);
await Deno.stdout.write(new TextEncoder().encode(text));
