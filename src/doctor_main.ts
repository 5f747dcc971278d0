/** The edge of the process of `deno task doctor`: arguments, streams, signals, exit status. */
import { runDoctor } from "./cli/doctor/main.ts";

const encoder = new TextEncoder();
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stop.abort());

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
