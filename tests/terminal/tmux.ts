/** A terminal of a known size for a program, by tmux; tells what a person would see in it. */
import { eventually } from "../support/eventually.ts";
import { ScratchDirectory } from "../support/scratch.ts";

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** NO_COLOR of the test's own environment is not handed on. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Terminal implements AsyncDisposable {
  readonly #scratch = new ScratchDirectory();

  private constructor() {}

  /** Starts a program, which is looked up like any command, in a terminal of its own. */
  static async start(command: readonly string[], options: TerminalOptions): Promise<Terminal> {
    const { columns, rows, env = {} } = options;
    const terminal = new Terminal();
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    await terminal.#tmux(
      ...["new-session", "-d", "-s", "test", "-x", `${columns}`, "-y", `${rows}`, ...variables],
      ...("NO_COLOR" in env ? [] : ["env", "-u", "NO_COLOR"]),
      ...command,
      ...[";", "set-option", "-g", "remain-on-exit", "on"],
    );
    return terminal;
  }

  /** The lines on the screen and above it, without blanks at their ends; `styles` keeps colours and weights. */
  async lines({ styles = false } = {}): Promise<string[]> {
    const screen = await this.#tmux("capture-pane", "-p", "-S", "-", ...(styles ? ["-e"] : []), "-t", "test");
    return screen.trimEnd().split("\n").map((line) => line.trimEnd());
  }

  /** Waits until a line matches, and returns all. */
  async until(pattern: RegExp, options: { styles?: boolean } = {}): Promise<string[]> {
    return await eventually(async () => {
      const plain = await this.lines();
      if (!plain.some((line) => pattern.test(line))) {
        throw new Error(`No line is ${pattern}:\n${plain.join("\n")}`);
      }
      return options.styles ? await this.lines({ styles: true }) : plain;
    }, { timeoutMs: 30_000, everyMs: 100 });
  }

  async resize(columns: number): Promise<void> {
    await this.#tmux("resize-window", "-t", "test", "-x", `${columns}`);
  }

  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "test", key);
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      // -u: UTF-8 whatever the locale. A socket of its own, no configuration.
      args: ["-u", "-f", "/dev/null", "-S", `${this.#scratch.path}/tmux`, ...args],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`Cannot run tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    this.#scratch[Symbol.dispose]();
  }
}
