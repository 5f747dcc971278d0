/**
 * The named pipe between loader and reader. It lives in a private temporary folder and is unlinked once both
 * ends are open, so nothing stays behind even after kill -9. Used by LoaderClient only.
 */
import { describeError } from "../support/errors.ts";
import { LoaderExitError } from "./loader_error.ts";

const POLL_MS = 5;

/** A place for the pipe; the loader makes it there. */
export class Fifo {
  readonly path: string;
  readonly #folder: string;
  #removed = false;
  #released: Promise<void> | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = `${folder}/records`;
  }

  /**
   * @param parent where the private folder is made; the system's temporary folder when undefined.
   * @throws {LoaderExitError} when that is not writable.
   */
  static async create(parent?: string): Promise<Fifo> {
    try {
      return new Fifo(await Deno.makeTempDir({ prefix: "tsunagi-", ...(parent && { dir: parent }) }));
    } catch (cause) {
      const denied = cause instanceof Deno.errors.PermissionDenied;
      throw new LoaderExitError({
        code: "loader-not-started",
        message: `Cannot make the loader's pipe in ${parent ?? "the temporary folder"}: ${
          denied ? "permission denied" : describeError(cause)
        }`,
        remedy: denied ? "Run the agent as root" : "Make room there, or let the agent write there",
      });
    }
  }

  /** Resolves with true when the loader has made the pipe, with false when `gone` settles first. */
  async appears(gone: Promise<unknown>): Promise<boolean> {
    let isGone = false;
    gone.finally(() => isGone = true).catch(() => {});
    while (!isGone) {
      if (await this.#exists()) return true;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return false;
  }

  /**
   * Removes the pipe when the loader is gone. A reader that waits in open() for a writer who will never come
   * goes on and sees the end of the stream; one that comes later finds nothing.
   */
  release(): Promise<void> {
    return this.#released ??= this.#release();
  }

  async #release(): Promise<void> {
    if (this.#removed || !await this.#exists()) return await this.remove();
    const both = await Deno.open(this.path, { read: true, write: true });
    try {
      await this.remove();
    } finally {
      both.close();
    }
  }

  /** Removes the pipe from the file system; who has it open goes on. */
  async remove(): Promise<void> {
    if (this.#removed) return;
    this.#removed = true;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #exists(): Promise<boolean> {
    try {
      await Deno.lstat(this.path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
}
