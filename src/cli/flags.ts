/**
 * The part that every command line of Tsunagi shares: flags by name, values that must not be missing, the nearest
 * name for a slip. Used by args.ts (the agent) and decoder/args.ts (`deno task decoder`).
 */
import { parseArgs } from "@std/cli/parse-args";
import { nearest } from "../support/nearest.ts";

/** A command line that cannot be understood; the entry prints the message and exits with status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The flags that a command has, without their "--". */
export interface FlagNames {
  /** With a value, at most once. */
  readonly single?: readonly string[];
  /** With a value, any number of times. */
  readonly repeated?: readonly string[];
  readonly switches?: readonly string[];
  /** Switches by their one letter. */
  readonly letters?: Readonly<Record<string, string>>;
  /** Whether arguments other than flags are allowed. Default: no. */
  readonly positional?: boolean;
}

/** What was given. Asking for a flag that FlagNames does not declare yields nothing. */
export interface ParsedFlags {
  single(name: string): string | undefined;
  repeated(name: string): string[];
  has(name: string): boolean;
  readonly positional: readonly string[];
}

/** @throws {UsageError} */
export function parseFlags(args: readonly string[], names: FlagNames): ParsedFlags {
  const { single = [], repeated = [], switches = [], letters = {}, positional = false } = names;
  const known = [...single, ...repeated, ...switches].map((name) => `--${name}`);
  const parsed = parseArgs(args, {
    string: [...single, ...repeated, "_"],
    boolean: [...switches],
    collect: [...repeated],
    alias: { ...letters },
    unknown: (arg: string) => {
      if (positional && (!arg.startsWith("-") || arg === "-")) return true;
      throw new UsageError(unknownArgument(arg, known));
    },
  });
  // What stands behind "--" does not go through `unknown`.
  if (!positional && parsed._.length > 0) throw new UsageError(`Unexpected argument "${parsed._[0]}"`);
  return {
    single: (name) => singleValue(name, parsed[name]),
    repeated: (name) => repeatedValues(name, parsed[name]),
    has: (name) => parsed[name] === true,
    positional: parsed._.map(String),
  };
}

/** `word` is none of `choices`: the sentence about it, with the nearest of them. */
export function unknownWord(what: string, word: string, choices: readonly string[]): string {
  const near = nearest(word, choices);
  return `Unknown ${what} ${word}` + (near === null ? "" : `; did you mean ${near}?`);
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

function unknownArgument(arg: string, known: readonly string[]): string {
  if (!arg.startsWith("-")) return `Unexpected argument "${arg}"`;
  return unknownWord("flag", arg.split("=", 1)[0]!, known);
}
