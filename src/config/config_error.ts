/**
 * What is wrong with a configuration: every mistake with its place. `main` prints the error's message alone and exits
 * with status 2; check_config_main prints one line a problem.
 */

/** Where something was written: a place in a file, or the name of a flag or variable. */
export type Origin =
  | { readonly file: string; readonly line: number; readonly column: number }
  | { readonly name: string };

export interface ConfigProblem {
  /** A warning does not keep the configuration from being used. */
  readonly severity: "error" | "warning";
  readonly origin: Origin;
  /** Begins with the key where the origin is a file: "otlp.timeout_ms: value is 0, must be from 1 to 600000". */
  readonly message: string;
}

/** Takes what is wrong with settings that fit their schema, at the path of the own key. */
export interface Reporter {
  error(path: readonly (string | number)[], message: string): void;
  warn(path: readonly (string | number)[], message: string): void;
}

/** "f.yaml:3:5: ...", "f.yaml:3:5: warning: ...", "Cannot use flag --listen: ..." or, of a warning, "Flag --set: ...". */
export function problemText({ severity, origin, message }: ConfigProblem): string {
  if ("name" in origin) {
    const { name } = origin;
    if (severity === "error") return `Cannot use ${name}: ${message}`;
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${message}`;
  }
  const { file, line, column } = origin;
  return `${file}:${line}:${column}: ${severity === "warning" ? "warning: " : ""}${message}`;
}

/** A configuration that cannot be used; the message has a line for each mistake. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  /** @param source such as "flag --listen" or "environment variable OTEL_TRACES_SAMPLER" */
  constructor(
    source: string,
    problem: string,
    options?: ErrorOptions & { problems?: readonly ConfigProblem[] },
  ) {
    const problems = options?.problems ??
      [{ severity: "error", origin: { name: source }, message: problem } as const];
    super(problems.map(problemText).join("\n"), options);
    this.problems = problems;
  }

  /** All mistakes at once; warnings among `problems` are left out. */
  static of(problems: readonly ConfigProblem[]): ConfigError {
    return new ConfigError("the configuration", "", {
      problems: problems.filter(({ severity }) => severity === "error"),
    });
  }
}
