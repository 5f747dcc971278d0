/** Reads the command line of `deno task decoder`. Called by main.ts. */
import { httpUrl, ValueError } from "../../config/value.ts";
import { type ParsedFlags, parseFlags, unknownWord, UsageError } from "../flags.ts";
import { type CommandName, COMMANDS } from "./help.ts";

/** Where the agent listens unless --url says otherwise; the default of the agent's --listen. */
export const DEFAULT_URL = "http://127.0.0.1:9810/";

/** How to reach the agent. */
export interface AgentFlags {
  readonly url: string;
  readonly tokenFile: string | undefined;
}

/** What the user wants. */
export type DecoderCommand =
  | { readonly kind: "help"; readonly of: CommandName | null }
  | {
    readonly kind: "list";
    readonly url: string;
    readonly local: boolean;
    readonly directories: readonly string[];
    readonly json: boolean;
  }
  | { readonly kind: "show"; readonly what: string; readonly url: string; readonly json: boolean }
  | { readonly kind: "check"; readonly files: readonly string[]; readonly json: boolean }
  | NewCommand
  | { readonly kind: "push"; readonly file: string; readonly agent: AgentFlags }
  | { readonly kind: "rollback"; readonly name: string; readonly agent: AgentFlags };

export interface NewCommand {
  readonly kind: "new";
  /** At least one of the two. */
  readonly binary: string | undefined;
  readonly go: string | undefined;
  readonly range: string | undefined;
  readonly name: string | undefined;
  readonly output: string | undefined;
  readonly push: boolean;
  readonly agent: AgentFlags;
}

/** @throws {UsageError} */
export function parseDecoderCommand(args: readonly string[]): DecoderCommand {
  const [first, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (first === undefined) throw new UsageError(`No command given; one of ${COMMANDS.join(", ")}`);
  if (first === "--help" || first === "-h" || first === "help") return { kind: "help", of: null };
  const command = COMMANDS.find((name) => name === first);
  if (command === undefined) throw new UsageError(unknownWord("command", first, COMMANDS));
  if (rest.includes("--help") || rest.includes("-h")) return { kind: "help", of: command };
  return READERS[command](rest);
}

const READERS: Readonly<Record<CommandName, (args: readonly string[]) => DecoderCommand>> = {
  list(args) {
    const flags = parseFlags(args, { single: ["url"], switches: ["json", "local"], positional: true });
    const local = flags.has("local");
    if (!local && flags.positional.length > 0) {
      throw new UsageError(`Unexpected argument "${flags.positional[0]}"; directories go with --local`);
    }
    return { kind: "list", url: urlOf(flags), local, directories: flags.positional, json: flags.has("json") };
  },
  show(args) {
    const flags = parseFlags(args, { single: ["url"], switches: ["json"], positional: true });
    return { kind: "show", what: one(flags, "NAME or FILE"), url: urlOf(flags), json: flags.has("json") };
  },
  check(args) {
    const flags = parseFlags(args, { switches: ["json"], positional: true });
    if (flags.positional.length === 0) throw new UsageError("FILE is missing");
    return { kind: "check", files: flags.positional, json: flags.has("json") };
  },
  new(args) {
    const flags = parseFlags(args, {
      single: ["binary", "go", "range", "name", "output", "url", "token-file"],
      switches: ["push"],
    });
    const [binary, go] = [flags.single("binary"), flags.single("go")];
    if (binary === undefined && go === undefined) throw new UsageError("Give --binary FILE or --go DIR");
    return {
      kind: "new",
      binary,
      go,
      range: flags.single("range"),
      name: flags.single("name"),
      output: flags.single("output"),
      push: flags.has("push"),
      agent: agentOf(flags),
    };
  },
  push(args) {
    const flags = parseFlags(args, { single: ["url", "token-file"], positional: true });
    return { kind: "push", file: one(flags, "FILE"), agent: agentOf(flags) };
  },
  rollback(args) {
    const flags = parseFlags(args, { single: ["url", "token-file"], positional: true });
    return { kind: "rollback", name: one(flags, "NAME"), agent: agentOf(flags) };
  },
};

function agentOf(flags: ParsedFlags): AgentFlags {
  return { url: urlOf(flags), tokenFile: flags.single("token-file") };
}

function urlOf(flags: ParsedFlags): string {
  const text = flags.single("url");
  if (text === undefined) return DEFAULT_URL;
  try {
    return httpUrl(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new UsageError(`Flag --url: value is ${JSON.stringify(text)}, ${error.message}`, { cause: error });
  }
}

function one(flags: ParsedFlags, what: string): string {
  const [first, second] = flags.positional;
  if (first === undefined) throw new UsageError(`${what} is missing`);
  if (second !== undefined) throw new UsageError(`Unexpected argument "${second}"`);
  return first;
}
