/**
 * Where tests keep what is costly to make (Go programs, the Collector, kernels): outside the clone, so that
 * a fresh one is warm. Entries that were not used for two weeks are removed.
 */
import { join } from "node:path";

const MAX_AGE_MS = 14 * 24 * 3600 * 1000;

/** The tests' cache directory, made when absent. */
export function cacheDirectory(...parts: string[]): string {
  const base = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/root", ".cache");
  const directory = join(base, "tsunagi", "tests", ...parts);
  Deno.mkdirSync(directory, { recursive: true });
  return directory;
}

/** Key of a cache entry: a hash of everything that goes into it. */
export async function cacheKey(parts: readonly (string | Uint8Array<ArrayBuffer>)[]): Promise<string> {
  const encoder = new TextEncoder();
  const hashes = await Promise.all(parts.map(async (part) => {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  }));
  const all = await crypto.subtle.digest("SHA-256", encoder.encode(hashes.join("\n")));
  return new Uint8Array(all).toHex().slice(0, 20);
}

/**
 * The file that holds a cache entry, made by `make` when absent. `make` writes to the path it is given,
 * which becomes the entry only when it is complete.
 */
export async function cached(path: string, make: (partial: string) => Promise<void>): Promise<string> {
  try {
    Deno.utimeSync(path, new Date(), new Date());
    return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const partial = `${path}.${Deno.pid}.partial`;
  await make(partial);
  await Deno.rename(partial, path);
  return path;
}

/** Removes files of a cache directory that were not used for two weeks. */
export function pruneCache(directory: string): void {
  for (const { name, isFile } of Deno.readDirSync(directory)) {
    if (!isFile) continue;
    const path = join(directory, name);
    const { mtime } = Deno.statSync(path);
    if (mtime && Date.now() - mtime.getTime() > MAX_AGE_MS) Deno.removeSync(path);
  }
}
