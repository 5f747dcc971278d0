/** Starts the programs under test, tells where they listen and ends them by their pid. */
import { TextLineStream } from "./lines.ts";

/** A started program. */
export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running Go program that printed "listening ADDRESS". */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #log: string[];
  readonly url: string;

  private constructor(child: Deno.ChildProcess, log: string[], url: string) {
    this.#child = child;
    this.#log = log;
    this.url = url;
  }

  /** Starts `path` and waits until it listens. */
  static async start(path: string, options: ProgramOptions = {}): Promise<Program> {
    const child = new Deno.Command(path, {
      args: [...options.args ?? []],
      env: { ...options.env },
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
    return new Program(child, log, url);
  }

  get pid(): number {
    return this.#child.pid;
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
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
  }
}
