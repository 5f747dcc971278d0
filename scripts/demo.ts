/**
 * The demo of scripts/up: starts the agent, which prints traces as it always does, and, with `go run main.go` as
 * their README says, both services of examples/two-services; sends requests and waits for the joined trace of each.
 * Arguments: how many requests (0: until a signal), then the agent's command line.
 */

/** Spans of a whole trace: front's request, its call, and back's part of it. */
const SPANS_OF_A_TRACE = 3;
/** go run compiles first. */
const START_TIMEOUT_MS = 300_000;
const TRACE_TIMEOUT_MS = 60_000;

interface TargetJson {
  readonly exe: string;
  readonly serviceName: string;
  readonly state: string;
  readonly reason: { readonly message: string } | null;
}

const ports = { front: Deno.env.get("FRONT_PORT") ?? "8080", back: Deno.env.get("BACK_PORT") ?? "8081" };
const [requests = "0", program = "", ...programArgs] = Deno.args;
const stop = new AbortController();

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`tsunagi: ${text}\n`));
}

/** Waits, and ends early, with false, when the demo is told to end. */
function pause(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(!stop.signal.aborted), ms);
    stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve(false)), { once: true });
  });
}

/** A process, and all that it starts, in a group of its own that ends as one. */
class Group implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor(command: readonly string[], options: { cwd: string; env: Record<string, string> }) {
    this.#child = new Deno.Command("setsid", {
      args: [...command],
      stdin: "null",
      stdout: "null",
      ...options,
    }).spawn();
    this.#child.status.then(({ code }) => {
      fail(`${command.join(" ")} in ${options.cwd} ended with status ${code}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(-this.#child.pid, "SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
  }
}

let failure: string | null = null;
/** Ends the demo for a reason; what goes wrong because it ends already is none. */
function fail(message: string): void {
  if (stop.signal.aborted) return;
  failure = message;
  stop.abort();
}

async function get<T>(url: string): Promise<T | null> {
  try {
    const response = await fetch(url, { signal: stop.signal });
    return await response.json();
  } catch {
    return null;
  }
}

/** Calls `probe` until it has an answer; null when the time is over or the demo is told to end. */
async function until<T>(
  probe: () => Promise<T | null>,
  timeoutMs: number,
  waiting: string,
): Promise<T | null> {
  const start = Date.now();
  let said = start;
  while (!stop.signal.aborted && Date.now() - start < timeoutMs) {
    const answer = await probe();
    if (answer !== null) return answer;
    if (Date.now() - said >= 10_000) {
      said = Date.now();
      say(`${waiting}: still at it after ${Math.round((said - start) / 1000)} s`);
    }
    await pause(100);
  }
  return null;
}

/** Where the agent's page is. */
function baseUrl(): string {
  const index = programArgs.findIndex((argument) => /^--listen(=|$)/.test(argument));
  const listen = programArgs[index]?.split("=")[1] ?? programArgs[index + 1];
  return `http://${index < 0 || !listen ? "127.0.0.1:9810" : listen}`;
}

async function servicesTraced(api: string): Promise<true | null> {
  const targets = (await get<{ targets: TargetJson[] }>(`${api}/targets`))?.targets ?? [];
  // The go command has the same environment, and so the same name, as the program that it runs.
  const programs = targets.filter(({ exe }) => exe.endsWith("/main"));
  const ours = ["front", "back"].map((name) => programs.find((target) => target.serviceName === name));
  const refused = ours.find((target) => target?.state === "refused" || target?.state === "excluded");
  if (refused) fail(`${refused.serviceName} is not traced: ${refused.reason?.message}`);
  return ours.every((target) => target?.state === "traced") || null;
}

/** A process can be traced before it listens. */
async function servicesListen(): Promise<true | null> {
  try {
    for (const port of Object.values(ports)) (await Deno.connect({ port: Number(port) })).close();
    return true;
  } catch {
    return null;
  }
}

/** The id of a trace of front that is whole and not known yet. */
async function wholeTrace(api: string, known: ReadonlySet<string>): Promise<string | null> {
  const list = await get<{ traces: { traceId: string; spans: number }[] }>(
    `${api}/traces?service=front&limit=20`,
  );
  const fresh = list?.traces.find(({ traceId, spans }) => !known.has(traceId) && spans >= SPANS_OF_A_TRACE);
  return fresh?.traceId ?? null;
}

/** Sends one request after the other, each when the trace of the one before is whole. */
async function sendRequests(api: string): Promise<void> {
  const known = new Set<string>();
  for (let sent = 1; !stop.signal.aborted; sent++) {
    const asked = fetch(`http://127.0.0.1:${ports.front}/`, { signal: stop.signal });
    if (await asked.then((response) => response.text()).catch(() => null) === null) {
      return fail(`front does not answer on port ${ports.front}`);
    }
    const traceId = await until(() => wholeTrace(api, known), TRACE_TIMEOUT_MS, "waiting for the trace");
    if (traceId === null) return fail("no joined trace came of a request; see the agent's log above");
    known.add(traceId);
    if (sent === Number(requests)) return;
  }
}

/** Ends the demo before anything is started when a service could not listen. */
function demandFreePorts(): void {
  for (const [name, port] of Object.entries(ports)) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port: Number(port) }).close();
    } catch {
      say(`port ${port} of ${name} cannot be had; choose another with ${name.toUpperCase()}_PORT`);
      Deno.exit(1);
    }
  }
}

async function demo(): Promise<void> {
  const examples = new URL("../examples/two-services/", import.meta.url).pathname;
  say(`go run main.go in ${examples}{front,back}`);
  const start = (name: string) =>
    new Group(["go", "run", "main.go"], {
      cwd: examples + name,
      // "go run" calls every program "main".
      env: { FRONT_PORT: ports.front, BACK_PORT: ports.back, OTEL_SERVICE_NAME: name },
    });
  await using _back = start("back");
  await using _front = start("front");
  const api = `${baseUrl()}/api/v1`;
  const traced = await until(
    async () => await servicesTraced(api) && await servicesListen(),
    START_TIMEOUT_MS,
    "waiting for front and back",
  );
  if (traced) {
    say(`both services are traced; sending requests to port ${ports.front}`);
    say(`their page is ${baseUrl()}/, their metrics are ${baseUrl()}/metrics`);
    await sendRequests(api);
  } else {
    fail("front and back did not start; see above");
  }
  stop.abort();
}

for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());
demandFreePorts();
const agent = new Deno.Command(program, { args: programArgs, stdin: "null" }).spawn();
let ended = false;
const status = agent.status.then((result) => {
  ended = true;
  fail(`the agent ended with status ${result.code}`);
  return result;
});
await demo();
if (!ended) agent.kill("SIGTERM");
const { code } = await status;
if (failure) say(failure);
Deno.exit(failure ? code || 1 : code);
