/** Reads the command line: names and shapes only, src/config gives the values their meaning. Called by main. */
import { parseArgs } from "@std/cli/parse-args";
import type { Flags } from "../config/from_flags.ts";
import { nearest } from "../support/nearest.ts";

/** What the user wants. */
export type Command =
  | { readonly kind: "run"; readonly flags: Flags }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

/** A command line that cannot be understood; main prints the message and exits with status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

const REPEATED = ["exe", "port", "pid"] as const;
const SINGLE = ["config", "otlp", "listen", "print", "log-level"] as const;
const SWITCHES = ["help", "version"] as const;
const FLAG_NAMES = [...SINGLE, ...REPEATED, ...SWITCHES].map((name) => `--${name}`);

/** @throws {UsageError} */
export function parseCommandLine(args: readonly string[]): Command {
  // "deno task run -- --exe ..." hands the "--" on.
  const given = args[0] === "--" ? args.slice(1) : [...args];
  const parsed = parseArgs(given, {
    string: [...SINGLE, ...REPEATED],
    boolean: [...SWITCHES],
    collect: [...REPEATED],
    alias: { h: "help", V: "version" },
    unknown: (arg: string) => {
      throw new UsageError(unknownArgument(arg));
    },
  });
  if (parsed._.length > 0) throw new UsageError(`Unexpected argument "${parsed._[0]}"`);
  if (parsed["help"]) return { kind: "help" };
  if (parsed["version"]) return { kind: "version" };
  const single = (name: typeof SINGLE[number]) => singleValue(name, parsed[name]);
  const repeated = (name: typeof REPEATED[number]) => repeatedValues(name, parsed[name]);
  return {
    kind: "run",
    flags: {
      config: single("config"),
      exe: repeated("exe"),
      port: repeated("port"),
      pid: repeated("pid"),
      otlp: single("otlp"),
      listen: single("listen"),
      print: single("print"),
      logLevel: single("log-level"),
    },
  };
}

function singleValue(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw new UsageError(`Flag --${name} is given more than once`);
  return nonEmpty(name, value);
}

function repeatedValues(name: string, value: unknown): string[] {
  return (Array.isArray(value) ? value : []).map((item) => nonEmpty(name, item));
}

/** The parser yields "" for a flag without value, and false for "--no-NAME". */
function nonEmpty(name: string, value: unknown): string {
  if (value === false) throw new UsageError(`Unknown flag --no-${name}`);
  if (typeof value !== "string" || value === "") throw new UsageError(`Flag --${name} needs a value`);
  return value;
}

function unknownArgument(arg: string): string {
  if (!arg.startsWith("-")) return `Unexpected argument "${arg}"`;
  const flag = arg.split("=", 1)[0]!;
  const near = nearest(flag, FLAG_NAMES);
  return `Unknown flag ${flag}` + (near === null ? "" : `; did you mean ${near}?`);
}
