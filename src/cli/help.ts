/** The text of --help. README quotes it as it stands. */
import { VERSION } from "../support/version.ts";

export const HELP = `Tsunagi ${VERSION}: distributed traces of Go HTTP services, without touching them

Usage: scripts/up [flags]     (builds what is missing, then runs)
       deno task run [flags]

Every Go process on this machine is traced, unless --exe, --port or --pid say which: then those that match
any of them.

Flags:
  --exe GLOB           executables to trace; the whole path must match, * also crosses / (repeatable)
  --port PORT          processes that listen on this TCP port (repeatable, or with commas)
  --pid PID            processes with this id (repeatable, or with commas)
  --otlp URL           base URL of an OTLP collector: port 4317 means gRPC, any other http/protobuf
  --print FORM         finished spans on stdout: text (default), json (one span a line), off
  --listen HOST:PORT   address of the status API (default 127.0.0.1:9810)
  --decoders DIR       watched for decoders of more Go versions (default decoders)
  --token-file FILE    token that pushing a decoder asks for (default: one is made, build/run/api_token)
  --config FILE        YAML file; flags and variables are stronger. It is read again when it changes
  --set KEY=VALUE      a key of that file, as in --set routes.unmatched=path (repeatable)
  --log-level LEVEL    debug, info (default), warn, error; the log goes to stderr
  --log-format FORM    text (default), json
  -h, --help           this text
  -V, --version        the version

Environment: TSUNAGI_CONFIG, as --config; TSUNAGI_API_TOKEN, the token itself, which is stronger than
--token-file; OTEL_EXPORTER_OTLP_*, OTEL_TRACES_SAMPLER and more, as OpenTelemetry specifies them; those of
Beyla, BEYLA_* and OTEL_EBPF_*. docs/configuration.md lists every key and variable, and
deno task check-config FILE says what is wrong with a file.

Exit status: 0 after SIGINT or SIGTERM, 1 when something failed, 2 for a wrong flag, variable or file.
`;
