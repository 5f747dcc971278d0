/** The text of `deno task doctor --help`. */

export const HELP =
  `Examines this machine, the configuration, the collectors and the programs to be traced, and says
what is wrong and what helps. Changes nothing; needs the rights that the agent needs.

Usage: deno task doctor [flags]

  --exe GLOB           ask about these executables: why is this one not traced? (repeatable)
  --port PORT          ask about processes that listen on this port (repeatable, or with commas)
  --pid PID            ask about this process (repeatable, or with commas)
  --config FILE        the agent's configuration file
  --otlp URL           base URL of the collector
  --listen HOST:PORT   where the agent's API is, or would be (default 127.0.0.1:9810)
  --decoders DIR       the agent's directory of decoders
  --set KEY=VALUE      a key of the configuration file, as for the agent (repeatable)
  --json               the findings as JSON
  -h, --help           this text

When an agent runs, it is asked for its state. Exit status: 0 nothing is wrong, 1 there is a finding of severity
FAIL, 2 for a wrong flag, variable or file. docs/troubleshooting.md lists all codes.
`;
