/**
 * Stands in for jsr:@std/cli/parse-args where that registry is out of reach: the options that Tsunagi
 * uses, on npm's `minimist`. Users who reach JSR delete the `links` entry in deno.json.
 */
// @ts-types="@types/minimist"
import minimist from "minimist";

/** The subset of @std/cli's ParseOptions that is in use. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  /** Options that may be given more than once; their values are arrays, empty when absent. */
  collect?: readonly string[];
  alias?: Record<string, string | string[]>;
  default?: Record<string, unknown>;
  /** Called for an argument that no option declares; returning false leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Parsed arguments by name; positional ones in `_`. */
export interface Args {
  [name: string]: unknown;
  _: Array<string | number>;
}

/** Parses a command line the way @std/cli's `parseArgs` does. */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const { boolean, string, collect = [], alias, unknown } = options;
  const parsed: Args = minimist([...args], {
    boolean: boolean && [...boolean],
    string: string && [...string],
    alias,
    default: options.default,
    unknown: unknown && ((arg: string) => {
      const [, key, value] = /^--?([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
      return unknown(arg, key, value) !== false;
    }),
  });
  for (const name of collect) {
    const value = parsed[name];
    parsed[name] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  }
  return parsed;
}
