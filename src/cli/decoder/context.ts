/** What the commands of `deno task decoder` need from the process they run in. Made by src/decoder_main.ts. */
import { isAbsolute, join } from "node:path";

/** Where the project lies: default paths are in it, wherever the command was typed. */
const PROJECT = new URL("../../../", import.meta.url).pathname;

/** Environment of a command. */
export interface CommandContext {
  /** Writes to stdout; a line break is added. */
  readonly print: (line: string) => void;
  /** Writes to stderr, in front of which stands who speaks. */
  readonly complain: (line: string) => void;
  readonly getEnv: (name: string) => string | undefined;
}

/** A path inside of the project, such as "build/decoders". */
export function projectPath(path: string): string {
  return join(PROJECT, path);
}

/** A path as the user meant it: `deno task` changes to the project and leaves in INIT_CWD where it was called. */
export function userPath(context: CommandContext, path: string): string {
  const from = context.getEnv("INIT_CWD");
  return isAbsolute(path) || !from ? path : join(from, path);
}
