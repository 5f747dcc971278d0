/** The edge of the process of `deno task check-config`: arguments, streams, exit status. */
import { runCheckConfig } from "./cli/check_config.ts";
import { writeLine } from "./support/write_line.ts";

Deno.exit(
  await runCheckConfig(Deno.args, {
    print: (line) => writeLine(Deno.stdout, line),
    complain: (line) => writeLine(Deno.stderr, line),
    getEnv: Deno.env.get,
  }),
);
