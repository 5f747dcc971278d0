/** The real loader without LoaderClient: any bytes can be put on its stdin, and its pipe can be left unread. */
import { join } from "node:path";
import { KIND_REPLY } from "../../bpf/wire.gen.ts";
import { RecordReader } from "../../src/wire/records.ts";
import { decodeReply, type Reply } from "../../src/wire/reply.ts";
import { eventually } from "../support/eventually.ts";
import { ScratchDirectory } from "../support/scratch.ts";
import { LOADER } from "./session.ts";

/** How it ended. */
export interface RawEnd {
  readonly code: number;
  readonly signal: string | null;
  readonly stderr: string;
}

/** A loader whose pipe is open. */
export class RawLoader implements AsyncDisposable {
  readonly pid: number;
  /** Every reply so far. */
  readonly replies: Reply[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pipe: Deno.FsFile;
  readonly #scratch: ScratchDirectory;
  readonly #end: Promise<RawEnd>;
  #reading: Promise<void> = Promise.resolve();

  private constructor(child: Deno.ChildProcess, pipe: Deno.FsFile, scratch: ScratchDirectory) {
    this.pid = child.pid;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#pipe = pipe;
    this.#scratch = scratch;
    const stderr = new Response(child.stderr).text();
    this.#end = child.status.then(async ({ code, signal }) => ({ code, signal, stderr: await stderr }));
  }

  static async start(): Promise<RawLoader> {
    const scratch = new ScratchDirectory();
    const path = join(scratch.path, "records");
    const child = new Deno.Command(LOADER, {
      args: ["--output", path],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    await eventually(() => Deno.statSync(path));
    return new RawLoader(child, await Deno.open(path), scratch);
  }

  /** Reads the pipe until it ends. */
  read(): Promise<void> {
    this.#reading = this.#drain();
    return this.#reading;
  }

  async #drain(): Promise<void> {
    const reader = new RecordReader();
    const chunk = new Uint8Array(65_536);
    for (let count = await this.#pipe.read(chunk); count !== null; count = await this.#pipe.read(chunk)) {
      reader.push(chunk.subarray(0, count), (record, kind) => {
        if (kind === KIND_REPLY) this.replies.push(decodeReply(record));
      });
    }
  }

  closePipe(): void {
    this.#pipe.close();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#input.write(bytes);
  }

  async closeInput(): Promise<void> {
    await this.#input.close();
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  get ended(): Promise<RawEnd> {
    return this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#end;
    await this.#input.close().catch(() => {});
    await this.#reading;
    try {
      this.#pipe.close();
    } catch {
      // The test closed it.
    }
    this.#scratch[Symbol.dispose]();
  }
}
