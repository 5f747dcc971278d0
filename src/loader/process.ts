/** The loader as a child process: its stdin, the lines of its stderr, its end. Used by LoaderClient only. */
import { joinBytes } from "../support/bytes.ts";
import type { LoaderExit } from "./exit_reason.ts";

const MAX_LINE = 4_096;

/** A running loader. */
export class LoaderProcess {
  /** Resolves when it has ended and its stderr is read. */
  readonly exit: Promise<LoaderExit>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #written: Promise<void> | null = null;
  #closed = false;
  #lastLine = "";

  /** @throws {Error} when the program cannot be run. */
  constructor(path: string, args: readonly string[], onLine: (line: string) => void = () => {}) {
    this.#child = new Deno.Command(path, {
      args: [...args],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#input.closed.catch(() => {});
    this.exit = this.#wait(onLine);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Messages of one turn go out in one write. Rejects when the loader no longer reads. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#waiting.push(bytes);
    return this.#written ??= Promise.resolve().then(() => {
      const messages = joinBytes(this.#waiting);
      this.#waiting = [];
      this.#written = null;
      return this.#input.write(messages);
    });
  }

  /** Tells it to end. */
  closeInput(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.close().catch(() => {});
  }

  async #wait(onLine: (line: string) => void): Promise<LoaderExit> {
    const [status] = await Promise.all([this.#child.status, this.#readLines(onLine)]);
    this.closeInput();
    return { code: status.code, signal: status.signal, lastLine: this.#lastLine };
  }

  async #readLines(onLine: (line: string) => void): Promise<void> {
    let rest = "";
    const emit = (line: string) => {
      if (line === "") return;
      // The verifier's words may follow; the loader's own sentence tells more.
      if (line.startsWith("tsunagi-go: ")) this.#lastLine = line.slice("tsunagi-go: ".length);
      onLine(line);
    };
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_LINE);
      lines.forEach(emit);
    }
    emit(rest);
  }
}
