/** What the command line says about the configuration. src/cli reads the flags, this gives them their meaning. */
import { LOG_LEVELS } from "../support/log.ts";
import { ConfigError } from "./config_error.ts";
import { type PartialConfig, PRINT_MODES } from "./schema.ts";
import * as value from "./value.ts";

/** Flags as they were typed; absent ones are undefined or an empty list. */
export interface Flags {
  readonly config?: string | undefined;
  readonly exe?: readonly string[];
  readonly port?: readonly string[];
  readonly pid?: readonly string[];
  readonly otlp?: string | undefined;
  readonly listen?: string | undefined;
  readonly decoders?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly print?: string | undefined;
  readonly logLevel?: string | undefined;
}

/** @throws {ConfigError} */
export function fromFlags(flags: Flags): PartialConfig {
  const select: PartialConfig["select"] = {};
  if (flags.exe?.length) select.exe = flags.exe.map((glob) => read("--exe", value.text, glob));
  if (flags.port?.length) select.ports = numbers("--port", flags.port, 65_535);
  if (flags.pid?.length) select.pids = numbers("--pid", flags.pid, 4_194_304);
  const config: PartialConfig = { select };
  if (flags.otlp !== undefined) {
    // The strongest source: a traces endpoint from elsewhere must not win over it.
    config.otlp = { endpoint: read("--otlp", value.httpUrl, flags.otlp), tracesEndpoint: null };
  }
  if (flags.listen !== undefined) config.listen = read("--listen", value.hostPort, flags.listen);
  if (flags.decoders !== undefined) {
    config.decoders = { directory: read("--decoders", value.text, flags.decoders) };
  }
  if (flags.tokenFile !== undefined) config.tokenFile = read("--token-file", value.text, flags.tokenFile);
  if (flags.print !== undefined) config.print = read("--print", value.oneOf(PRINT_MODES), flags.print);
  if (flags.logLevel !== undefined) {
    config.log = { level: read("--log-level", value.oneOf(LOG_LEVELS), flags.logLevel) };
  }
  return config;
}

/** Each value may itself be a list: "--port 8080,8081". */
function numbers(flag: string, values: readonly string[], max: number): number[] {
  const reader = value.integer({ min: 1, max });
  return values.flatMap((text) => text.split(",").map((item) => read(flag, reader, item.trim())));
}

function read<T>(flag: string, reader: value.ValueReader<T>, text: string): T {
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof value.ValueError)) throw error;
    throw new ConfigError(`flag ${flag}`, error.message, { cause: error });
  }
}
