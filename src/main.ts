/** The edge of the process: arguments, signals, exit status. Started by `deno task run` and scripts/up. */
import { runAgent } from "./app/agent.ts";
import { parseCommandLine, UsageError } from "./cli/args.ts";
import { HELP } from "./cli/help.ts";
import { ConfigError } from "./config/config_error.ts";
import { loadConfig } from "./config/load.ts";
import { loadPage } from "./page/files.ts";
import { describeError } from "./support/errors.ts";
import { createLogger } from "./support/log.ts";
import { VERSION } from "./support/version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** @returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const command = parseCommandLine(args);
  if (command.kind === "help") return print(HELP);
  if (command.kind === "version") return print(`tsunagi ${VERSION}\n`);
  const load = { flags: command.flags, getEnv: Deno.env.get };
  const loaded = await loadConfig(load);
  const log = createLogger(loaded.config.log);
  // Each is a message of its own, so that the log's throttle leaves none out.
  for (const warning of loaded.warnings) log.warn(warning);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      log.info("agent ends", { signal });
      stop.abort();
    });
  }
  await runAgent({ load, loaded, page: await loadPage(), log, signal: stop.signal });
  return 0;
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return 0;
}

function complain(text: string): void {
  const lines = text.split("\n").map((line) => `tsunagi: ${line}\n`).join("");
  Deno.stderr.writeSync(new TextEncoder().encode(lines));
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  complain(describeError(error));
  if (error instanceof UsageError) complain("see --help");
  Deno.exit(error instanceof UsageError || error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILED);
}
