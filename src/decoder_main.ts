/** The edge of the process of `deno task decoder`: arguments, streams, exit status. */
import type { CommandContext } from "./cli/decoder/context.ts";
import { runDecoderCommand } from "./cli/decoder/main.ts";

const encoder = new TextEncoder();

/** Writes all of a line, however little a pipe takes at once; ends quietly when nobody reads any more. */
function writeLine(stream: typeof Deno.stdout, line: string): void {
  let rest: Uint8Array = encoder.encode(`${line}\n`);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}

const context: CommandContext = {
  print: (line) => writeLine(Deno.stdout, line),
  complain: (line) => writeLine(Deno.stderr, `tsunagi: ${line}`),
  getEnv: Deno.env.get,
};

Deno.exit(await runDecoderCommand(Deno.args, context));
