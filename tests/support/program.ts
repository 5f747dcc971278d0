/** Starts the programs under test, tells where they listen and ends them by their pid. */
import { eventually } from "./eventually.ts";
import { TextLineStream } from "./lines.ts";

/** A started program. */
export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is started is a starter such as `go run`: the program is its only child. */
  readonly viaChild?: boolean;
}

/** The only child of a process. */
function childOf(pid: number): number {
  const children: number[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const list = Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`);
    children.push(...list.split(" ").filter((word) => word !== "").map(Number));
  }
  const [child] = children;
  if (child === undefined || children.length > 1) throw new Error(`Process ${pid} has children: ${children}`);
  return child;
}

/** A running Go program that printed "listening ADDRESS". */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #log: string[];
  readonly url: string;
  /** Of the program itself, also where something else started it. */
  readonly pid: number;

  private constructor(child: Deno.ChildProcess, log: string[], url: string, pid: number) {
    this.#child = child;
    this.#log = log;
    this.url = url;
    this.pid = pid;
  }

  /** Starts `path` and waits until it listens. */
  static async start(path: string, options: ProgramOptions = {}): Promise<Program> {
    const child = new Deno.Command(path, {
      args: [...options.args ?? []],
      env: { ...options.env },
      ...(options.cwd ? { cwd: options.cwd } : {}),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log: string[] = [];
    (async () => {
      for await (const line of child.stderr.pipeThrough(new TextLineStream())) log.push(line);
    })();
    const url = await new Promise<string>((resolve, reject) => {
      (async () => {
        for await (const line of child.stdout.pipeThrough(new TextLineStream())) {
          log.push(line);
          const [, address] = /^listening (\S+)$/.exec(line) ?? [];
          if (address) resolve(`http://${address}`);
        }
        reject(new Error(`${path} ended before it listened: ${log.join("\n")}`));
      })();
    });
    const pid = options.viaChild ? await eventually(() => childOf(child.pid)) : child.pid;
    return new Program(child, log, url, pid);
  }

  /** Path of its executable, as the kernel tells it. */
  get exe(): string {
    return Deno.readLinkSync(`/proc/${this.pid}/exe`);
  }

  /** "127.0.0.1:1234". */
  get host(): string {
    return this.url.slice("http://".length);
  }

  get port(): number {
    return Number(this.url.split(":").at(-1));
  }

  /** What it wrote, for the message of a failed test. */
  get log(): string {
    return this.#log.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      Deno.kill(this.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
  }
}
