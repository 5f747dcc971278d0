/** Feeds a kept input again, by the name that failure.ts gave it. Used by main.ts. */
import { readDecoders } from "./decoder_files.ts";
import { DecoderTarget } from "./decoders.ts";
import { examineExe } from "./executables.ts";
import { examineModule } from "./modules.ts";
import { PatchedSource } from "./patched_source.ts";
import { RowTarget } from "./rows.ts";

const DECODERS = /^decoders-(.+)-seed(-?\d+)-epoch(\d+)-batch(\d+)\.bin$/;

/**
 * Repeats what failed; yields what came of it when it fails no more.
 *
 * @throws {Error} what it failed with.
 */
export async function replay(path: string): Promise<string> {
  const name = path.split("/").at(-1) ?? path;
  const bytes = await Deno.readFile(path);
  if (name.startsWith("executables-")) {
    return await examineExe(
      new PatchedSource(bytes, { patches: [] }),
      name.includes("-debug-") ? "structs" : "inspect",
    );
  }
  if (name.startsWith("modules-")) return examineModule(bytes, { isTried: true });
  if (name.startsWith("rows-")) {
    new RowTarget().feed(bytes);
    return "no failure";
  }
  const match = DECODERS.exec(name);
  const file = (await readDecoders()).find((one) => one.name === match?.[1]);
  if (!match || !file) throw new Error(`Cannot replay ${name}: it names no input of a target`);
  const target = new DecoderTarget(file);
  target.feedAlone(bytes);
  // Alone the records do no harm; what came before them may have been needed.
  target.epoch(Number(match[2]), Number(match[3]));
  return "no failure";
}
