/** The edge of the process of `deno task decoder`: arguments, streams, exit status. */
import type { CommandContext } from "./cli/decoder/context.ts";
import { runDecoderCommand } from "./cli/decoder/main.ts";
import { writeLine } from "./support/write_line.ts";

const context: CommandContext = {
  print: (line) => writeLine(Deno.stdout, line),
  complain: (line) => writeLine(Deno.stderr, `tsunagi: ${line}`),
  getEnv: Deno.env.get,
};

Deno.exit(await runDecoderCommand(Deno.args, context));
