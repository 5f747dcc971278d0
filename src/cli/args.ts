/** Reads the command line: names and shapes only, src/config gives the values their meaning. Called by main. */
import type { Flags } from "../config/from_flags.ts";
import { parseFlags } from "./flags.ts";

export { UsageError } from "./flags.ts";

/** What the user wants. */
export type Command =
  | { readonly kind: "run"; readonly flags: Flags }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

const REPEATED = ["exe", "port", "pid", "set"] as const;
const SINGLE = [
  "config",
  "otlp",
  "listen",
  "decoders",
  "token-file",
  "print",
  "log-level",
  "log-format",
] as const;
const SWITCHES = ["help", "version"] as const;

/** @throws {UsageError} */
export function parseCommandLine(args: readonly string[]): Command {
  // "deno task run -- --exe ..." hands the "--" on.
  const given = args[0] === "--" ? args.slice(1) : args;
  const parsed = parseFlags(given, {
    single: SINGLE,
    repeated: REPEATED,
    switches: SWITCHES,
    letters: { h: "help", V: "version" },
  });
  if (parsed.has("help")) return { kind: "help" };
  if (parsed.has("version")) return { kind: "version" };
  const single = (name: typeof SINGLE[number]) => parsed.single(name);
  const repeated = (name: typeof REPEATED[number]) => parsed.repeated(name);
  return {
    kind: "run",
    flags: {
      config: single("config"),
      exe: repeated("exe"),
      port: repeated("port"),
      pid: repeated("pid"),
      otlp: single("otlp"),
      listen: single("listen"),
      decoders: single("decoders"),
      tokenFile: single("token-file"),
      print: single("print"),
      logLevel: single("log-level"),
      logFormat: single("log-format"),
      set: repeated("set"),
    },
  };
}
