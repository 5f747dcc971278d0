/** The error of a configuration that cannot be used. `main` prints its message alone and exits with status 2. */

/** Names the source (flag, variable, file and key) and says what is wrong with it. */
export class ConfigError extends Error {
  override name = "ConfigError";
  /** "flag --listen", "environment variable OTEL_...", "key otlp.timeout_ms in file /etc/tsunagi.yaml". */
  readonly source: string;

  constructor(source: string, problem: string, options?: ErrorOptions) {
    super(`Cannot use ${source}: ${problem}`, options);
    this.source = source;
  }
}
