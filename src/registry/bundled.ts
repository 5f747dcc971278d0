/** Loads the decoders that come with Tsunagi into a registry. Used by Agent at its start. */
import { readBuiltPack } from "../gate/gate.ts";
import type { Reason } from "../support/reason.ts";
import type { DecoderRegistry } from "./registry.ts";

/** A file that is no usable decoder. */
export interface BundledRefusal {
  readonly file: string;
  readonly reason: Reason;
}

/**
 * Installs every *.wasm of a directory that the build has filled, and tried.
 *
 * @returns the files that were refused.
 * @throws {Deno.errors.NotFound} when there is no such directory.
 */
export async function loadBundled(registry: DecoderRegistry, directory: URL): Promise<BundledRefusal[]> {
  const base = directory.href.endsWith("/") ? directory : new URL(`${directory.href}/`);
  const files: string[] = [];
  for await (const { name, isFile } of Deno.readDir(base)) {
    if (isFile && name.endsWith(".wasm")) files.push(name);
  }
  const refusals: BundledRefusal[] = [];
  for (const file of files.sort()) {
    const pack = await readBuiltPack(await Deno.readFile(new URL(file, base)));
    const result = "remedy" in pack ? pack : registry.install(pack, "bundled");
    if ("remedy" in result) refusals.push({ file, reason: result });
  }
  return refusals;
}
