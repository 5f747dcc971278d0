/**
 * The configuration in force and its replacement while the agent runs. Agent gives it the function that brings the
 * stages to a new one; the status API asks it, and may demand a reload.
 */
import type { Config } from "../config/config.ts";
import type { LoadedConfig, LoadOptions } from "../config/load.ts";
import { ConfigWatcher } from "../config/watch.ts";
import type { EventHub } from "../status/events.ts";
import type { ConfigState } from "../status/model.ts";
import type { ConfigControl } from "../status/routes_config.ts";
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";

export interface LiveConfigOptions {
  /** How it was loaded at the start. */
  readonly load: LoadOptions;
  readonly loaded: LoadedConfig;
  /** Brings the stages to `next`; when it throws, they are as they were. */
  readonly apply: (next: Config) => Promise<void>;
  readonly events: Pick<EventHub, "publish">;
  readonly log: Logger;
}

/** Settings that the running agent cannot change, as a file names them. */
const FIXED = {
  listen: ({ listen }: Config) => listen,
  "prometheus_export": ({ prometheus }: Config) => prometheus,
  store: ({ store }: Config) => store,
  decoders: ({ decoders }: Config) => decoders,
  token_file: ({ tokenFile }: Config) => tokenFile,
};

export class LiveConfig implements ConfigControl, AsyncDisposable {
  readonly #options: LiveConfigOptions;
  /** What the agent began with, for what it cannot change. */
  readonly #first: Config;
  #current: Config;
  #warnings: readonly string[];
  #loadedAt = new Date();
  #error: string | null = null;
  #watcher: ConfigWatcher | null = null;

  constructor(options: LiveConfigOptions) {
    this.#options = options;
    this.#first = this.#current = options.loaded.config;
    this.#warnings = options.loaded.warnings;
  }

  /** From now on changes are followed. */
  watch(): void {
    const { load, loaded, log } = this.#options;
    this.#watcher ??= new ConfigWatcher({
      load,
      loaded,
      onConfig: (next) => this.#take(next),
      onProblem: (error) => this.#refuse(error),
      onUnchanged: () => log.info("configuration is what it was", { file: this.#current.file ?? "" }),
    });
  }

  current(): Config {
    return this.#current;
  }

  state(): ConfigState {
    return {
      file: this.#current.file,
      loadedAt: this.#loadedAt.toISOString(),
      error: this.#error,
      warnings: this.#warnings,
    };
  }

  async reload(): Promise<ConfigState> {
    await this.#watcher?.reload();
    return this.state();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher?.[Symbol.asyncDispose]();
  }

  async #take({ config, warnings }: LoadedConfig): Promise<void> {
    const { apply, events, log } = this.#options;
    await apply(config);
    const later = Object.entries(FIXED).flatMap(([name, of]) =>
      JSON.stringify(of(config)) === JSON.stringify(of(this.#first))
        ? []
        : [`${name} has changed: that takes effect when the agent is started again`]
    );
    this.#current = config;
    this.#warnings = [...warnings, ...later];
    this.#loadedAt = new Date();
    this.#error = null;
    log.info("configuration reloaded", { file: config.file ?? "" });
    for (const warning of this.#warnings) log.warn(warning);
    events.publish("config", () => ({ ok: true, error: null, at: this.#loadedAt.toISOString() }));
  }

  #refuse(error: Error): void {
    const { events, log } = this.#options;
    const why = this.#error = describeError(error);
    log.error("configuration not reloaded, the one before stays in force", { why });
    events.publish("config", () => ({ ok: false, error: why, at: new Date().toISOString() }));
  }
}
