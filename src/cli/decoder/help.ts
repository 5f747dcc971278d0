/** The texts of `deno task decoder --help` and of `--help` behind each of its commands. */

/** In the order of the help. */
export const COMMANDS = ["list", "show", "check", "new", "push", "rollback"] as const;
export type CommandName = typeof COMMANDS[number];

const AGENT_FLAG = "  --url URL           address of the agent's API (default http://127.0.0.1:9810)\n";
const TOKEN_FLAG =
  `  --token-file FILE   file that holds the API token; without it, and without TSUNAGI_API_TOKEN, the token that
                      the agent on this machine wrote to build/run/api_token\n`;
const JSON_FLAG = "  --json              JSON on stdout, for programs\n";

export const HELP = `Decoders: the files that know how one range of Go releases lays out its structs

Usage: deno task decoder COMMAND [flags]

Commands:
  list               what the running agent has: active, previous and refused decoders; --local: files
  show NAME|FILE     everything that one decoder says of itself
  check FILE...      try files with every check that the agent makes
  new                make a decoder from a Go program or a Go toolchain, in seconds
  push FILE          hand a file to the running agent, which swaps it in without losing a span
  rollback NAME      give a decoder's place back to the one before it

"deno task decoder COMMAND --help" tells more. docs/decoders.md is the guide.

Exit status: 0 done, 1 failed or refused, 2 for a wrong command line.
`;

export const COMMAND_HELP: Readonly<Record<CommandName, string>> = {
  list: `Lists the decoders of the running agent, and what it refused, with the reason and what helps

Usage: deno task decoder list [--url URL] [--json]
       deno task decoder list --local [DIR...] [--json]

Flags:
${AGENT_FLAG}  --local             no agent: the files in build/decoders and decoders, or in each DIR
${JSON_FLAG}`,
  show: `Shows a decoder: Go releases, libraries, where its offsets come from, what its probes capture

Usage: deno task decoder show NAME [--url URL] [--json]    an active decoder of the running agent
       deno task decoder show FILE [--json]                a file; a path has a "/" or ends in .wasm

Flags:
${AGENT_FLAG}${JSON_FLAG}`,
  check: `Tries files as the agent would before it let one run: structure, versions, imports, memory, recorded
examples byte for byte, hostile records within a time budget. Nothing is sent to anyone.

Usage: deno task decoder check FILE... [--json]

Flags:
${JSON_FLAG}`,
  new: `Makes a decoder out of the DWARF of a Go program, or of one that a Go toolchain builds for the purpose

Usage: deno task decoder new --binary FILE [flags]            a program with DWARF (not built with -s or -w)
       deno task decoder new --go DIR [flags]                 a toolchain: what "go env GOROOT" says
       deno task decoder new --binary FILE --go DIR [flags]   a stripped program, its version's toolchain

Flags:
  --range RANGE       Go releases that it is for, as ">=1.28 <1.29" (default: the release read, alone)
  --name NAME         name of the decoder (default: after the release, as go1.28.1-exact; with --range after
                      its first one, as go1.28). It replaces a decoder of the same name
  --output FILE       where to write (default decoders/NAME.wasm, the directory that the agent watches)
  --push              hand it to the running agent as well
${AGENT_FLAG}${TOKEN_FLAG}`,
  push: `Hands a file to the running agent. It is checked first; what does not pass changes nothing.

Usage: deno task decoder push FILE [--url URL] [--token-file FILE]

Flags:
${AGENT_FLAG}${TOKEN_FLAG}`,
  rollback:
    `Gives a decoder's place back to the one before it. Requests in flight end with the decoder they began with.

Usage: deno task decoder rollback NAME [--url URL] [--token-file FILE]

Flags:
${AGENT_FLAG}${TOKEN_FLAG}`,
};
