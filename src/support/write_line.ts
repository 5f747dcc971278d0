/** Lines of command-line tools on stdout and stderr. Used by their entries (src/*_main.ts). */

const encoder = new TextEncoder();

/** Writes all of a line, however little a pipe takes at once; ends the process quietly when nobody reads any more. */
export function writeLine(stream: typeof Deno.stdout, line: string): void {
  let rest: Uint8Array = encoder.encode(`${line}\n`);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}
