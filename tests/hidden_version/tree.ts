/** A copy of this project that does not know one Go version, built. */
import { dirname, join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../support/agent.ts";
import { parseLayout } from "../../decoder-as/plans/layout.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

async function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function demand(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await run(program, args, cwd);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: status ${code}: ${output}`);
  return output;
}

/** The copy, in a directory of its own that goes with it. */
export class HiddenVersionTree implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "tsunagi-hidden-" });

  private constructor() {}

  /** Copies the tree with what is built of it, takes the layout of `toolchain` out, and builds. */
  static async make(toolchain: string): Promise<HiddenVersionTree> {
    const tree = new HiddenVersionTree();
    try {
      const list = await demand(
        "git",
        ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        ROOT,
      );
      for (const file of list.split("\0")) {
        if (file !== "") await tree.#copy(file);
      }
      // The C half is not what is tried here: with its times kept, make finds it built.
      await demand("cp", ["-a", "build", `${tree.path}/build`], ROOT);
      tree.#hide(toolchain);
      await demand("deno", ["task", "--quiet", "build"], tree.path);
    } catch (error) {
      tree[Symbol.dispose]();
      throw error;
    }
    return tree;
  }

  /** Starts the tree's agent; for `Agent.start`, which adds flags. */
  get agentCommand(): readonly string[] {
    return ["sh", "-c", 'cd "$0" && exec "$@"', this.path, ...config.tasks.run.command.split(" ")];
  }

  /** Runs `deno task decoder` of the tree. */
  decoder(...args: string[]): Promise<Ended> {
    return run("deno", ["task", "--quiet", "decoder", ...args], this.path);
  }

  /** Names of the decoders that are built. */
  builtDecoders(): string[] {
    return [...Deno.readDirSync(`${this.path}/build/decoders`)].map(({ name }) => name);
  }

  /** Takes away what was made since. */
  forget(): void {
    Deno.removeSync(`${this.path}/decoders`, { recursive: true });
  }

  async #copy(file: string): Promise<void> {
    const to = join(this.path, file);
    await Deno.mkdir(dirname(to), { recursive: true });
    const { isFile, mtime } = await Deno.lstat(join(ROOT, file));
    if (!isFile) return;
    await Deno.copyFile(join(ROOT, file), to);
    if (mtime) await Deno.utime(to, mtime, mtime);
  }

  #hide(toolchain: string): void {
    const layouts = `${this.path}/decoder-as/layouts`;
    const own = [...Deno.readDirSync(layouts)].filter(({ name }) =>
      parseLayout(Deno.readTextFileSync(`${layouts}/${name}`), name).toolchains.includes(`go${toolchain}`)
    );
    if (own.length !== 1) {
      throw new Error(`Cannot hide Go ${toolchain}: ${own.length} layouts are made from it`);
    }
    Deno.removeSync(`${layouts}/${own[0]!.name}`);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
