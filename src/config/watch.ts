/**
 * Reads the configuration again on SIGHUP, on demand, and when a file that it came from changes: also by an editor that
 * renames, and by Kubernetes, which swaps a symbolic link beside it. A file that cannot be used changes nothing. Made by
 * the composition root.
 */
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { directoryOf } from "../support/path.ts";
import { loadConfig, type LoadedConfig, type LoadOptions } from "./load.ts";
import { type Inputs, recordInputs } from "./inputs.ts";

export interface ConfigWatcherOptions {
  /** How the configuration was loaded at the start. */
  readonly load: LoadOptions;
  /** What came of it. */
  readonly loaded: LoadedConfig;
  /** Takes what is new. When it throws, that is a problem too. */
  readonly onConfig: (loaded: LoadedConfig) => void | Promise<void>;
  /** What is there now cannot be used; the configuration before stays. */
  readonly onProblem: (error: Error) => void;
  /** A demand found nothing new. */
  readonly onUnchanged?: () => void;
  /** Files are read when none of them changed for so long. Default 100. */
  readonly settleMs?: number;
  /** Time between two looks where the file system tells nothing by itself. Default 500. */
  readonly pollMs?: number;
  /** The same while it does; it only misses a directory that is replaced as a whole. Default 10000. */
  readonly watchedPollMs?: number;
  /** Opens a watch on directories. Default: Deno.watchFs. */
  readonly watchDirectories?: (paths: string[]) => Deno.FsWatcher;
  readonly clock?: Clock;
}

export type ReloadOutcome = "applied" | "unchanged" | "refused";

/** A file that is written to all the time is read after this time all the same. */
const MAX_SETTLE_MS = 500;

/** Disposing of it ends the watch. */
export class ConfigWatcher implements AsyncDisposable {
  /** Fulfilled when every later change is seen, and one since the load has been applied. */
  readonly started: Promise<void>;
  readonly #options: ConfigWatcherOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  /** Ends the wait for the next look. */
  #nap = new AbortController();
  #watcher: Deno.FsWatcher | null = null;
  #watched = "";
  /** Of what was last loaded, used or not. */
  #inputs: Inputs;
  #stamp: string | null = null;
  #refused = false;
  /** Looks happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #loop: Promise<void>;
  readonly #onSignal = () => void this.reload();

  constructor(options: ConfigWatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#inputs = options.loaded.inputs;
    Deno.addSignalListener("SIGHUP", this.#onSignal);
    this.started = this.#queue(() => this.#watchAndLook());
    this.#loop = this.#follow();
  }

  /** Loads again now, as SIGHUP does; what did not change is left alone unless it could not be used. */
  async reload(): Promise<ReloadOutcome> {
    const { paths } = this.#inputs;
    const outcome = await this.#queue(() => this.#look({ demanded: true }));
    if (paths.length === 0 && this.#inputs.paths.length > 0) this.#nap.abort();
    if (outcome === "unchanged") this.#options.onUnchanged?.();
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener("SIGHUP", this.#onSignal);
    this.#stop.abort();
    this.#watcher?.close();
    this.#watcher = null;
    await this.#loop;
    await this.#last;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    await this.started;
    while (!signal.aborted) {
      const { pollMs = 500, watchedPollMs = 10_000 } = this.#options;
      const awake = AbortSignal.any([signal, this.#nap.signal]);
      // Without a file there is nothing to look at until a reload brings one.
      if (this.#inputs.paths.length === 0) await aborted(awake);
      else await this.#clock.sleep(this.#watcher === null ? pollMs : watchedPollMs, awake);
      this.#nap = new AbortController();
      await this.#queue(() => this.#watchAndLook());
    }
  }

  async #watchAndLook(): Promise<void> {
    await this.#watch();
    await this.#look({ demanded: false });
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #look({ demanded }: { demanded: boolean }): Promise<ReloadOutcome> {
    if (this.#stop.signal.aborted) return "unchanged";
    const stamp = await this.#stampOfFiles();
    if (stamp === this.#stamp && !(demanded && this.#refused)) return "unchanged";
    this.#stamp = await this.#settled(stamp);
    if (!(demanded && this.#refused) && await this.#inputs.areCurrent(this.#options.load.readFile)) {
      return "unchanged";
    }
    return await this.#load();
  }

  async #load(): Promise<ReloadOutcome> {
    const { load, onConfig, onProblem } = this.#options;
    const recorded = recordInputs(load.readFile);
    try {
      await onConfig(await loadConfig({ ...load, readFile: recorded.readFile }));
      this.#refused = false;
      return "applied";
    } catch (error) {
      this.#refused = true;
      onProblem(error instanceof Error ? error : new Error(String(error)));
      return "refused";
    } finally {
      // A file that a broken configuration no longer names may be what has to change.
      this.#inputs = recorded.inputs.or(this.#refused ? this.#inputs : null);
    }
  }

  /** Waits until the files stay as they are. */
  async #settled(stamp: string): Promise<string> {
    const { settleMs = 100 } = this.#options;
    for (let waitedMs = 0; waitedMs < MAX_SETTLE_MS; waitedMs += settleMs) {
      await this.#clock.sleep(settleMs, this.#stop.signal);
      const now = await this.#stampOfFiles();
      if (now === stamp) break;
      stamp = now;
    }
    return stamp;
  }

  /** What tells one content of the files from another without reading them. */
  async #stampOfFiles(): Promise<string> {
    const stamps = await Promise.all(this.#inputs.paths.map(async (path) => {
      try {
        const { mtime, size, ino, dev } = await Deno.stat(path);
        return [path, mtime?.getTime(), size, ino, dev].join(" ");
      } catch {
        return `${path} missing`;
      }
    }));
    return stamps.join("\n");
  }

  /** Watches the directories of the files and of what they link to, when these are not watched yet. */
  async #watch(): Promise<void> {
    const directories = await this.#directories();
    const wanted = directories.join("\n");
    if (this.#watcher !== null && wanted === this.#watched) return;
    this.#watcher?.close();
    this.#watcher = null;
    this.#watched = wanted;
    if (directories.length === 0 || this.#stop.signal.aborted) return;
    try {
      const open = this.#options.watchDirectories ?? ((paths) => Deno.watchFs(paths, { recursive: false }));
      const watcher = this.#watcher = open(directories);
      this.#wakeOn(watcher).catch(() => {
        if (this.#watcher === watcher) this.#watcher = null;
      });
    } catch {
      // Out of watches, or not possible on this file system: looking from time to time is enough.
    }
  }

  async #wakeOn(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind } of watcher) {
      // Reading the files is an event too.
      if (kind !== "access") this.#nap.abort();
    }
  }

  async #directories(): Promise<string[]> {
    const found = new Set<string>();
    for (const path of this.#inputs.paths) {
      found.add(directoryOf(path));
      await Deno.realPath(path).then((real) => found.add(directoryOf(real)), () => {});
    }
    return [...found].sort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
