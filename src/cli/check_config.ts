/** `deno task check-config`: says what is wrong with configuration files, as an editor or a pipeline can read it. */
import { isAbsolute, join } from "node:path";
import { problemText } from "../config/config_error.ts";
import { inspectConfig } from "../config/load.ts";
import { parseFlags, UsageError } from "./flags.ts";

export const CHECK_CONFIG_HELP = `Usage: deno task check-config FILE...

Prints a line for each mistake in a configuration file, FILE:LINE:COLUMN: MESSAGE, and for each key that is
understood but has no effect, FILE:LINE:COLUMN: warning: MESSAGE. Of a file without either, stderr says so.
\${NAME} in a file stands for the variable NAME; no other variable is looked at.

Exit status: 0 when the agent can use the files, 1 when there are mistakes, 2 for a wrong command line.
`;

/** The process it runs in. */
export interface CheckConfigContext {
  /** Writes to stdout; a line break is added. */
  readonly print: (line: string) => void;
  /** Writes to stderr; a line break is added. */
  readonly complain: (line: string) => void;
  readonly getEnv: (name: string) => string | undefined;
}

/** @returns the exit status. */
export async function runCheckConfig(args: readonly string[], context: CheckConfigContext): Promise<number> {
  const { print, complain, getEnv } = context;
  let files: readonly string[];
  try {
    const parsed = parseFlags(args[0] === "--" ? args.slice(1) : args, {
      switches: ["help"],
      letters: { h: "help" },
      positional: true,
    });
    if (parsed.has("help")) {
      print(CHECK_CONFIG_HELP.trimEnd());
      return 0;
    }
    files = parsed.positional;
    if (files.length === 0) throw new UsageError("FILE is missing");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`tsunagi: ${error.message}`);
    complain("tsunagi: see deno task check-config --help");
    return 2;
  }
  let mistakes = 0;
  for (const file of files) {
    const { problems } = await inspectConfig({
      flags: { config: file },
      getEnv: () => undefined,
      getFileEnv: getEnv,
      readFile: (path) => Deno.readTextFile(path === file ? asTyped(path, getEnv) : path),
    });
    for (const problem of problems) print(problemText(problem));
    // Not on stdout, which is for programs.
    if (problems.length === 0) complain(`${file}: no mistakes`);
    mistakes += problems.filter(({ severity }) => severity === "error").length;
  }
  return mistakes === 0 ? 0 : 1;
}

/** `deno task` changes to the project and leaves in INIT_CWD where it was called. */
function asTyped(path: string, getEnv: CheckConfigContext["getEnv"]): string {
  const from = getEnv("INIT_CWD");
  return isAbsolute(path) || !from ? path : join(from, path);
}
