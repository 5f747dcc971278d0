/** Puts the configuration together, weakest source first: defaults, file, environment, flags. Called by main. */
import { showPath } from "../schema/mod.ts";
import type { Config } from "./config.ts";
import { ConfigError, type ConfigProblem, type Origin, problemText, type Reporter } from "./config_error.ts";
import type { GetEnv } from "./expand.ts";
import { FILE_ENV_NAMES, fromEnv } from "./from_env.ts";
import { type Flags, fromFlags } from "./from_flags.ts";
import { type Inputs, readFailure, type ReadFile, recordInputs } from "./inputs.ts";
import { overlay } from "./overlay.ts";
import { resolve } from "./resolve.ts";
import { resolveAliases } from "./aliases.ts";
import type { Settings } from "./settings.ts";
import type { Source } from "./source.ts";

export interface LoadOptions {
  readonly flags: Flags;
  readonly getEnv: GetEnv;
  /** Fills in ${NAME} in the file. Default: as getEnv. */
  readonly getFileEnv?: GetEnv;
  /** Default: `Deno.readTextFile`. */
  readonly readFile?: ReadFile;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Settings that have no effect, for the log. */
  readonly warnings: readonly string[];
  /** The files that it was made of. */
  readonly inputs: Inputs;
}

/** What came out of the sources: a configuration unless there are errors among the problems. */
export interface Inspected {
  readonly config: Config | null;
  /** In the order of the file, then of the environment and the flags. */
  readonly problems: readonly ConfigProblem[];
}

/** @throws {ConfigError} with every mistake. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { readFile, inputs } = recordInputs(options.readFile);
  const { config, problems } = await inspectConfig({ ...options, readFile });
  if (config === null) throw ConfigError.of(problems);
  return { config, warnings: problems.map(problemText), inputs };
}

/** As loadConfig, for those who want all problems and no error. */
export async function inspectConfig(options: LoadOptions): Promise<Inspected> {
  const { flags, getEnv, getFileEnv = getEnv, readFile = (path) => Deno.readTextFile(path) } = options;
  const named = fileName(flags, getEnv);
  const sources: Source[] = [];
  const problems: ConfigProblem[] = [];
  if (named !== null) {
    let text: string | null = null;
    try {
      text = await readFile(named.path);
    } catch (error) {
      problems.push({ severity: "error", origin: { name: named.source }, message: readFailure(error) });
    }
    if (text !== null) {
      // Memory for YAML is for those who use it.
      const { readYamlFile } = await import("./yaml_file.ts");
      const source = readYamlFile(named.path, text, getFileEnv);
      source.check();
      resolveAliases(source);
      sources.push(source);
    }
  }
  sources.push(fromEnv(getEnv), await fromFlags(flags));
  const merged = overlay(sources);
  const report = reporter(merged.originOf, problems);
  const config = await resolve(merged.tree as Settings, { file: named?.path ?? null, readFile, report });
  problems.push(...sources.flatMap((source) => source.problems));
  return {
    config: problems.some(({ severity }) => severity === "error") ? null : config,
    // What holds for both signals is found twice.
    problems: [...new Map(problems.map((problem) => [problemText(problem), problem])).values()].sort(inOrder),
  };
}

/** The file that --config or a variable names, or null. */
export function fileName(flags: Flags, getEnv: GetEnv): { path: string; source: string } | null {
  if (flags.config !== undefined) {
    return { path: flags.config, source: `file ${flags.config}` };
  }
  for (const name of FILE_ENV_NAMES) {
    const path = getEnv(name)?.trim();
    if (path) return { path, source: `file ${path} (environment variable ${name})` };
  }
  return null;
}

function reporter(
  originOf: (path: readonly (string | number)[]) => { origin: Origin; key: string } | null,
  problems: ConfigProblem[],
): Reporter {
  const add = (severity: ConfigProblem["severity"], path: readonly (string | number)[], message: string) => {
    const from = originOf(path);
    const origin = from?.origin ?? { name: showPath(path) };
    problems.push({
      severity,
      origin,
      message: from && "file" in origin ? `${from.key}: ${message}` : message,
    });
  };
  return {
    error: (path, message) => add("error", path, message),
    warn: (path, message) => add("warning", path, message),
  };
}

/** Problems of a file by their place, before the others. */
function inOrder(a: ConfigProblem, b: ConfigProblem): number {
  const [left, right] = [a.origin, b.origin];
  if ("name" in left || "name" in right) return Number("name" in left) - Number("name" in right);
  return left.line - right.line || left.column - right.column;
}
