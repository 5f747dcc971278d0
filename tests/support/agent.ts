/**
 * Starts the real agent by the command of `deno task run`, asks its status API, and ends it the way that
 * scripts/up is ended. A stop that hangs or is unclean fails the test.
 */
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { eventually, type EventuallyOptions, PATIENCE_MS } from "./eventually.ts";
import { freePort } from "./free_port.ts";
import { TextLineStream } from "./lines.ts";

export { freePort };

/** Root of the repository. */
export const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** What the status API says of spans. */
export interface Accounting {
  readonly begun: number;
  readonly exported: number;
  readonly sampledOut: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly queued: number;
}

/** One process in the list of targets. */
export interface TargetEntry {
  readonly pid: number;
  readonly exe: string;
  readonly serviceName: string;
  readonly state: "attaching" | "traced" | "refused" | "excluded";
  readonly reason?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly goVersion: string | null;
  readonly decoder: string | null;
  readonly decoderCheck: "dwarf" | "range" | "nearest" | null;
  readonly sites: readonly unknown[];
}

/** The parts of the status that tests look at. */
export interface Status {
  readonly accounting: Accounting;
  readonly [section: string]: unknown;
}

/** How to start it. */
export interface AgentOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of `deno task run`'s command, for example scripts/up. */
  readonly command?: readonly string[];
  /** What has to answer 200 before it counts as started. Default: "/readyz". */
  readonly until?: "/livez" | "/readyz";
}

/** Nothing else costs the processor as much, and one that ends instead is seen at once. */
const START_PATIENCE_MS = 5 * PATIENCE_MS;

let serviceBuilt: Promise<void> | undefined;

/** What runs is a bundle: brings it up to the sources, once for each test file. */
async function buildService(): Promise<void> {
  const { code, stderr } = await new Deno.Command("deno", {
    args: ["task", "--quiet", "build-service"],
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
}

/** The spans that an account knows to be over. */
export function settled(accounting: Omit<Accounting, "begun">): number {
  return accounting.exported + accounting.sampledOut + lostInAll(accounting);
}

/** Lost spans of all reasons. */
export function lostInAll(accounting: Pick<Accounting, "lost">): number {
  return Object.values(accounting.lost).reduce((sum, count) => sum + count, 0);
}

/** A running agent. */
export class Agent implements AsyncDisposable {
  readonly url: string;
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #closed: Promise<unknown>;
  #ended = false;

  private constructor(child: Deno.ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    const drain = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, lines: string[]) => {
      for await (const line of stream.pipeThrough(new TextLineStream())) lines.push(line);
    };
    this.#closed = Promise.all([drain(child.stdout, this.stdout), drain(child.stderr, this.stderr)]);
    child.status.then(() => this.#ended = true);
  }

  /** Starts it and waits until it is ready. */
  static async start(options: AgentOptions = {}): Promise<Agent> {
    const { until = "/readyz" } = options;
    if (!options.command) await (serviceBuilt ??= buildService());
    const port = freePort();
    const [program = "deno", ...words] = options.command ?? config.tasks.run.command.split(" ");
    const child = new Deno.Command(program, {
      args: [...words, "--listen", `127.0.0.1:${port}`, ...options.args ?? []],
      cwd: ROOT,
      env: { NO_COLOR: "1", ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const agent = new Agent(child, `http://127.0.0.1:${port}`);
    try {
      await eventually(async () => {
        if (agent.#ended) return;
        const response = await fetch(agent.url + until);
        await response.body?.cancel();
        assert.equal(response.status, 200, until);
      }, { timeoutMs: START_PATIENCE_MS });
      assert.equal(agent.#ended, false, "it ended");
    } catch (cause) {
      await agent.kill();
      throw agent.#failure("The agent does not get ready", cause);
    }
    return agent;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it wrote, for the message of a failed test. */
  get log(): string {
    return this.stderr.slice(-40).join("\n");
  }

  /** GETs a path of the status API; anything but 200 fails. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path);
    if (response.status !== 200) {
      throw new Error(`GET ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
    }
    return await response.json();
  }

  async accounting(): Promise<Accounting> {
    return (await this.get<Status>("/api/v1/status")).accounting;
  }

  async targets(): Promise<readonly TargetEntry[]> {
    return (await this.get<{ targets: readonly TargetEntry[] }>("/api/v1/targets")).targets;
  }

  /** The entry of a process once it has left "attaching". */
  async target(pid: number): Promise<TargetEntry> {
    return await this.#eventually(async () => {
      const entry = (await this.targets()).find((target) => target.pid === pid);
      assert.ok(entry, `no target with pid ${pid}`);
      assert.notEqual(entry.state, "attaching", `${entry.exe} is still attaching`);
      return entry;
    });
  }

  /** Waits until every process is traced; one that is refused fails with its reason. */
  async traced(...pids: number[]): Promise<void> {
    for (const pid of pids) {
      const { state, exe, reason } = await this.target(pid);
      assert.equal(state, "traced", `${exe}: ${reason?.message}`);
    }
  }

  /**
   * Waits until no span is in flight or queued, and returns accounts that add up exactly. `begun`: as many
   * spans at least must have begun, so that an account of nothing does not pass for one at rest.
   */
  async atRest(begun: number): Promise<Accounting> {
    let before = "";
    return await this.#eventually(async () => {
      const accounting = await this.accounting();
      const same = JSON.stringify(accounting) === before;
      before = JSON.stringify(accounting);
      const problem = `the accounts do not come to rest: ${before}`;
      assert.ok(accounting.begun >= begun, `at least ${begun} must begin, ${problem}`);
      assert.deepEqual([accounting.inFlight, accounting.queued], [0, 0], problem);
      assert.equal(accounting.begun, settled(accounting), problem);
      assert.ok(same, problem);
      return accounting;
    }, { everyMs: 200 });
  }

  /** As `eventually`; a failure tells what the agent has logged. */
  async #eventually<T>(probe: () => Promise<T>, options: EventuallyOptions = {}): Promise<T> {
    try {
      return await eventually(probe, options);
    } catch (cause) {
      throw this.#failure("Waited in vain", cause);
    }
  }

  #failure(what: string, cause: unknown): Error {
    const log = this.stderr.slice(-8).join("\n");
    return new Error(`${what}: ${(cause as Error).message}\nThe agent's log ends with\n${log}`, { cause });
  }

  /**
   * Ends it as scripts/up is ended, and demands exit status 0. One that waits for what never comes, such as a
   * collector, is killed in the end, which is another status.
   */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    if (this.#ended) throw new Error(`The agent ended by itself: ${this.log}`);
    this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    const { code, signal: endedBy } = await this.#child.status;
    clearTimeout(killer);
    await this.#closed;
    assert.deepEqual({ code, endedBy }, { code: 0, endedBy: null }, `exit of the agent: ${this.log}`);
  }

  /** SIGKILL of the service alone. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#closed;
  }

  /** A test that failed may leave it running; one that passed has called `stop` or wants it called. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.stop();
  }
}
