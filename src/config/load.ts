/** Puts the configuration together, weakest source first: defaults, file, environment, flags. Called by main. */
import { describeError } from "../support/errors.ts";
import { ConfigError } from "./config_error.ts";
import { fromEnv, type GetEnv } from "./from_env.ts";
import { fromFile } from "./from_file.ts";
import { type Flags, fromFlags } from "./from_flags.ts";
import { type Config, defaultConfig, type PartialConfig } from "./schema.ts";

export interface LoadOptions {
  readonly flags: Flags;
  readonly getEnv: GetEnv;
  /** Default: `Deno.readTextFile`. */
  readonly readFile?: (path: string) => Promise<string>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Settings that were ignored, for the log. */
  readonly warnings: readonly string[];
}

/** @throws {ConfigError} naming the source of the first unusable setting. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { flags, getEnv, readFile = Deno.readTextFile } = options;
  const config = defaultConfig();
  if (flags.config !== undefined) {
    let content: string;
    try {
      content = await readFile(flags.config);
    } catch (cause) {
      throw new ConfigError(`file ${flags.config} (flag --config)`, describeError(cause), { cause });
    }
    overlay(config, fromFile(flags.config, content));
  }
  const env = fromEnv(getEnv);
  overlay(config, env.config);
  overlay(config, fromFlags(flags));
  return { config, warnings: env.warnings };
}

function overlay(config: Config, over: PartialConfig) {
  Object.assign(config.otlp, over.otlp);
  Object.assign(config.listen, over.listen);
  Object.assign(config.select, over.select);
  Object.assign(config.sampler, over.sampler);
  Object.assign(config.store, over.store);
  Object.assign(config.decoders, over.decoders);
  Object.assign(config.log, over.log);
  if (over.print !== undefined) config.print = over.print;
  if (over.tokenFile !== undefined) config.tokenFile = over.tokenFile;
}
