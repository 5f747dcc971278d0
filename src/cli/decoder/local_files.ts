/** Decoder files of a directory. Used by list_local.ts and new.ts. */
import { join } from "node:path";

/**
 * Paths of its *.wasm files, in order of their names with numbers counted as such.
 *
 * @throws {Error} as Deno.readDir does.
 */
export async function decoderFiles(directory: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (name.endsWith(".wasm") && !isDirectory) files.push(join(directory, name));
  }
  return files.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
