/**
 * Builds build/red.wasm, the stage that measures spans, from decoder-as/red. Does nothing when no source changed since
 * the last build. Run by `deno task build`.
 */
import { MEMORY_MAX_PAGES, MEMORY_PAGES } from "../decoder-as/red/memory_map.ts";
import { compileModule } from "../src/maker/compile.ts";

const ROOT = new URL("../", import.meta.url);
const OUTPUT = new URL("build/red.wasm", ROOT);
/** Digest of all sources of the last build. */
const STAMP = new URL("build/red.stamp", ROOT);
const FOLDERS = ["decoder-as/red/", "decoder-as/assembly/"];
const FILES = ["bpf/wire.gen.ts", "src/maker/compile.ts"];

async function readSources(): Promise<Map<string, string>> {
  const paths = [...FILES];
  for (const folder of FOLDERS) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      if (isFile && name.endsWith(".ts")) paths.push(folder + name);
    }
  }
  const read = async (path: string) => [path, await Deno.readTextFile(new URL(path, ROOT))] as const;
  return new Map(await Promise.all(paths.sort().map(read)));
}

const sources = await readSources();
const bytes = new TextEncoder().encode(JSON.stringify([...sources]));
const stamp = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
const isFresh = await Deno.readTextFile(STAMP).catch(() => "") === stamp &&
  await Deno.stat(OUTPUT).catch(() => null) !== null;
if (!isFresh) {
  const module = await compileModule({
    name: "the RED stage",
    entry: "decoder-as/red/abi.ts",
    pages: MEMORY_PAGES,
    maximumPages: MEMORY_MAX_PAGES,
    readFile: (path) => sources.get(path) ?? null,
  });
  await Deno.writeFile(OUTPUT, module);
  await Deno.writeTextFile(STAMP, stamp);
}
