/** The edge of the process of `deno task doctor`: arguments, streams, signals, exit status. */
import { runDoctor } from "./cli/doctor/main.ts";
import { writeLine } from "./support/write_line.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());

const onTerminal = Deno.stdout.isTerminal();
Deno.exit(
  await runDoctor(Deno.args, {
    print: (line) => writeLine(Deno.stdout, line),
    complain: (line) => writeLine(Deno.stderr, `tsunagi: ${line}`),
    getEnv: Deno.env.get,
    colour: onTerminal && !Deno.noColor,
    columns: onTerminal ? Deno.consoleSize().columns : Infinity,
    build: new URL("../build/", import.meta.url),
    signal: stop.signal,
  }),
);
