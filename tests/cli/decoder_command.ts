/** Runs `deno task decoder` as a user would, in a process of its own, with the permissions that the task has. */
const ROOT = new URL("../../", import.meta.url).pathname;

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where the user is. Default: the project. */
  readonly cwd?: string;
}

/** Waits for the end of the command. */
export async function decoder(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const env: Record<string, string> = {
    ...Deno.env.toObject(),
    NO_COLOR: "1",
    NO_PROXY: "127.0.0.1",
    ...options.env,
  };
  // The tests' own surroundings must not count.
  if (options.env?.TSUNAGI_API_TOKEN === undefined) delete env.TSUNAGI_API_TOKEN;
  delete env.INIT_CWD;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", `--config=${ROOT}deno.json`, "decoder", ...args],
    cwd: options.cwd ?? ROOT,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: decode(stdout), stderr: decode(stderr) };
}
