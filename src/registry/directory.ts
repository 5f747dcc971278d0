/**
 * The watched directory of decoders: each *.wasm in it is tried, again whenever it changes, and what it brought goes
 * when it goes. Also where pushed decoders are kept. Made by Agent; brings everything to DecoderAdmin.
 */
import type { DecoderPack } from "../decoder/manifest.ts";
import { MAX_PACK_BYTES } from "../gate/gate.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import { directoryOf } from "../support/path.ts";
import type { Reason } from "../support/reason.ts";
import type { DecoderAdmin, DecoderStore, LoadedFile } from "./admin.ts";

export interface DecoderDirectoryOptions {
  /** It may be missing; it is picked up when it appears. */
  readonly path: string;
  readonly log: Logger;
  /** Time between two looks. Default: 30 s where the file system tells of changes by itself, else 5 s. */
  readonly rescanMs?: number;
  /** A file is read when it did not change for so long. */
  readonly settleMs?: number;
  readonly clock?: Clock;
}

const WATCHED_RESCAN_MS = 30_000;
const UNWATCHED_RESCAN_MS = 5_000;
const SUFFIX = ".wasm";
/** Files beyond, in order of their names, are not looked at. */
const MAX_FILES = 256;

interface SeenFile {
  /** What tells one content from another without reading it. */
  readonly stamp: string;
  /** What it last brought; a file that turned bad leaves that in use. */
  readonly holds: LoadedFile | null;
  readonly refused: boolean;
}

type Admin = Pick<DecoderAdmin, "load" | "unload" | "refuseFile">;

/** Disposing of it ends the watch; decoders stay as they are. */
export class DecoderDirectory implements DecoderStore, AsyncDisposable {
  readonly #path: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #rescanMs: number | null;
  readonly #settleMs: number;
  readonly #files = new Map<string, SeenFile>();
  readonly #stop = new AbortController();
  #nap = new AbortController();
  #watcher: Deno.FsWatcher | null = null;
  /** What is watched; null: nothing. */
  #watched: string | null = null;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DecoderDirectoryOptions) {
    this.#path = options.path.replace(/(.)\/+$/, "$1");
    this.#log = options.log;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#rescanMs = options.rescanMs ?? null;
    this.#settleMs = options.settleMs ?? 150;
  }

  /** Brings what is there to `admin` and, from then on, what changes. */
  async start(admin: Admin): Promise<void> {
    await this.#watch();
    await this.#scan(admin);
    this.#loop = this.#follow(admin);
  }

  async persist(pack: DecoderPack): Promise<boolean> {
    const { name } = pack.manifest;
    const present = [...this.#files].find(([, { holds }]) => holds?.name === name)?.[0];
    const path = this.#pathOf(present ?? name + SUFFIX);
    // Not *.wasm, so never taken for a decoder; one that a crash left is written over.
    const unfinished = `${path}.unfinished`;
    try {
      await Deno.mkdir(this.#path, { recursive: true });
      await Deno.writeFile(unfinished, pack.bytes);
      await Deno.rename(unfinished, path);
      const holds = { name, digest: pack.digest };
      this.#files.set(fileName(path), { stamp: stampOf(await Deno.stat(path)), holds, refused: false });
      return true;
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      this.#log.warn("cannot keep a decoder, so a restart will not find it", { path, error });
      return false;
    }
  }

  async reject(digest: string, instead: DecoderPack | null): Promise<boolean> {
    let done = true;
    for (const [file, { holds }] of this.#files) {
      if (holds?.digest !== digest) continue;
      const path = this.#pathOf(file);
      try {
        await Deno.rename(path, `${path}.rejected`);
        this.#files.delete(file);
      } catch (error) {
        done = false;
        this.#log.warn("cannot put a decoder aside, so a restart will find it again", { path, error });
      }
    }
    const held = [...this.#files.values()].some(({ holds }) => holds?.digest === instead?.digest);
    if (instead && !held) return await this.persist(instead) && done;
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#watcher?.close();
    this.#watcher = null;
    await this.#loop;
  }

  async #follow(admin: Admin): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pauseMs = this.#watcher === null ? UNWATCHED_RESCAN_MS : WATCHED_RESCAN_MS;
      await this.#clock.sleep(this.#rescanMs ?? pauseMs, AbortSignal.any([signal, this.#nap.signal]));
      this.#nap = new AbortController();
      if (signal.aborted) return;
      await this.#watch();
      await this.#scan(admin).catch((error) =>
        this.#log.error("cannot look at the decoders' directory", { path: this.#path, error })
      );
    }
  }

  async #scan(admin: Admin): Promise<void> {
    const known = [...this.#files];
    const present = await this.#list();
    for (const file of present) {
      if (this.#stop.signal.aborted) return;
      await this.#look(admin, file);
    }
    for (const [file, seen] of known) {
      if (present.has(file) || this.#stop.signal.aborted) continue;
      // Pushed, or put aside, since.
      if (this.#files.get(file) !== seen) continue;
      const { holds } = seen;
      this.#files.delete(file);
      await admin.unload(this.#pathOf(file), this.#elsewhere(holds) ? null : holds);
      // What was in the way of another file may be gone.
      for (const [other, seen] of this.#files) {
        if (seen.refused) this.#files.set(other, { ...seen, stamp: "" });
      }
      this.#wake();
    }
  }

  async #look(admin: Admin, file: string): Promise<void> {
    const path = this.#pathOf(file);
    const seen = this.#files.get(file);
    // What persist() and reject() note meanwhile is newer than what this look finds.
    const overtaken = () => this.#files.get(file) !== seen;
    try {
      const info = await Deno.stat(path);
      const stamp = stampOf(info);
      if (!info.isFile || seen?.stamp === stamp || overtaken()) return;
      if (info.size > MAX_PACK_BYTES) {
        admin.refuseFile(path, tooLarge(path, info.size));
        this.#files.set(file, { stamp, holds: seen?.holds ?? null, refused: true });
        return;
      }
      // One that still changes has another event to come.
      if (!await this.#settled(path, stamp) || overtaken()) return;
      const bytes = await Deno.readFile(path);
      const isCurrent = async () => await stampAt(path) === stamp && !overtaken();
      if (bytes.length !== info.size || !await isCurrent()) return;
      const result = await admin.load(path, bytes, isCurrent);
      if (result === null || overtaken()) return;
      const refused = "remedy" in result;
      const holds = refused ? seen?.holds ?? null : result;
      this.#files.set(file, { stamp, holds, refused });
      if (seen?.holds && holds?.name !== seen.holds.name && !this.#elsewhere(seen.holds)) {
        await admin.unload(path, seen.holds);
      }
    } catch (error) {
      // Gone meanwhile, or a link to nothing.
      if (error instanceof Deno.errors.NotFound) return;
      this.#log.warn("cannot read a decoder", { path, error });
    }
  }

  /** Whether a file is still as it was after a while; one that nobody wrote to lately need not wait. */
  async #settled(path: string, stamp: string): Promise<boolean> {
    const { mtime } = await Deno.stat(path);
    const ageMs = mtime ? this.#clock.now() - mtime.getTime() : 0;
    if (ageMs < 0 || ageMs < this.#settleMs) await this.#clock.sleep(this.#settleMs, this.#stop.signal);
    return stampOf(await Deno.stat(path)) === stamp;
  }

  async #list(): Promise<ReadonlySet<string>> {
    const files: string[] = [];
    try {
      for await (const { name, isDirectory } of Deno.readDir(this.#path)) {
        if (!isDirectory && name.endsWith(SUFFIX) && !name.startsWith(".")) files.push(name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
    if (files.length > MAX_FILES) {
      this.#log.warn("too many decoders", { path: this.#path, files: files.length });
    }
    return new Set(files.sort().slice(0, MAX_FILES));
  }

  /**
   * Watches the directory, or the one that it will appear in; where neither is there the rescan finds what changes.
   */
  async #watch(): Promise<void> {
    let folder = this.#path;
    let identity = await identityAt(folder);
    if (identity === null) identity = await identityAt(folder = directoryOf(folder));
    if (identity === this.#watched || this.#stop.signal.aborted) return;
    this.#watched = identity;
    this.#watcher?.close();
    this.#watcher = null;
    if (identity === null) return;
    try {
      this.#watcher = Deno.watchFs(folder, { recursive: false });
    } catch (error) {
      this.#log.debug("cannot watch the decoders' directory", { path: folder, error });
      return;
    }
    this.#report(this.#watcher, folder === this.#path ? null : fileName(this.#path));
  }

  /** @param name the only entry that matters; null: all do. */
  async #report(watcher: Deno.FsWatcher, name: string | null): Promise<void> {
    try {
      for await (const { kind, paths } of watcher) {
        // Reading a file is an event too.
        if (kind === "access") continue;
        if (name === null || paths.some((path) => fileName(path) === name)) this.#wake();
      }
    } catch (error) {
      this.#log.debug("cannot watch the decoders' directory", { path: this.#path, error });
    }
  }

  #wake(): void {
    this.#nap.abort();
  }

  #elsewhere(held: LoadedFile | null): boolean {
    return [...this.#files.values()].some(({ holds }) => held !== null && holds?.name === held.name);
  }

  #pathOf(file: string): string {
    return `${this.#path}/${file}`;
  }
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** What tells one directory from another at the same place; null: there is none. */
function identityAt(path: string): Promise<string | null> {
  return Deno.stat(path).then(({ dev, ino }) => `${dev}:${ino}`, () => null);
}

function stampOf({ size, mtime, ino, dev }: Deno.FileInfo): string {
  return `${dev}:${ino}:${size}:${mtime?.getTime()}`;
}

/** The stamp of what is at `path` now; null: nothing that can be read. */
function stampAt(path: string): Promise<string | null> {
  return Deno.stat(path).then(stampOf, () => null);
}

function tooLarge(path: string, bytes: number): Reason {
  return {
    code: "decoder-too-large",
    message: `Cannot use ${path}: it has ${bytes} bytes, must be at most ${MAX_PACK_BYTES}`,
    remedy: "Make a smaller decoder; those of Tsunagi have less than 100 KiB",
  };
}
