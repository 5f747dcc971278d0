/**
 * Generates the decoder's sources from decoder-as/layouts; with `--check` it writes nothing and fails when the
 * committed ones differ. With `--toolchains` it first makes the layouts themselves from real Go toolchains; see
 * toolchain_layouts.ts. Run by `deno task gen`, and by hand when a Go release appears (needs `go` and its module
 * proxy; a toolchain takes some 250 MB of the module cache):
 *
 *     deno run -A scripts/gen_layouts.ts --toolchains [--minor 1.28] [DIRECTORY]
 *
 * DIRECTORY keeps the programs as `app-1.26.11`; those that it already holds are not built again.
 */
import { parseArgs } from "node:util";
import { groupFamilies } from "../decoder-as/plans/family.ts";
import { type GoLayout, parseLayout } from "../decoder-as/plans/layout.ts";
import { FAMILY_DIRECTORY, generatedFiles } from "../decoder-as/plans/render.ts";
import { makeLayouts } from "./toolchain_layouts.ts";

const ROOT = new URL("../", import.meta.url);
const LAYOUTS = new URL("decoder-as/layouts/", ROOT);

async function readLayouts(): Promise<GoLayout[]> {
  const layouts = [];
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    layouts.push(parseLayout(await Deno.readTextFile(new URL(name, LAYOUTS)), name));
  }
  return layouts;
}

async function generate(): Promise<void> {
  const files = generatedFiles(groupFamilies(await readLayouts()));
  for await (const { name } of Deno.readDir(new URL(FAMILY_DIRECTORY, ROOT))) {
    const path = FAMILY_DIRECTORY + name;
    if (!files.has(path)) await Deno.remove(new URL(path, ROOT));
  }
  for (const [path, text] of files) await Deno.writeTextFile(new URL(path, ROOT), text);
}

/** Names a generated file that is missing or does not follow from the layouts, or one that is left over. */
async function findStale(): Promise<string | null> {
  const files = generatedFiles(groupFamilies(await readLayouts()));
  for (const [path, text] of files) {
    if (await Deno.readTextFile(new URL(path, ROOT)).catch(() => null) !== text) return path;
  }
  for await (const { name } of Deno.readDir(new URL(FAMILY_DIRECTORY, ROOT))) {
    if (!files.has(FAMILY_DIRECTORY + name)) return FAMILY_DIRECTORY + name;
  }
  return null;
}

/** Replaces the layouts of the minor releases that were read. */
async function regenerate(minor: string | undefined, directory: string): Promise<void> {
  for await (const { name: read, layouts } of makeLayouts({ minor, directory })) {
    const stale = (await readNames()).filter((name) =>
      name === `${read}.json` || name.startsWith(`${read}.`)
    );
    for (const name of stale) {
      if (!layouts.has(name.replace(/\.json$/, ""))) await Deno.remove(new URL(name, LAYOUTS));
    }
    for (const [name, layout] of layouts) {
      await Deno.writeTextFile(new URL(`${name}.json`, LAYOUTS), JSON.stringify(layout, null, 2) + "\n");
    }
  }
}

async function readNames(): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(LAYOUTS)) names.push(name);
  return names;
}

const { values, positionals: [kept] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { check: { type: "boolean" }, toolchains: { type: "boolean" }, minor: { type: "string" } },
});
if (values.toolchains) {
  const directory = kept ?? await Deno.makeTempDir({ prefix: "layout-programs-" });
  try {
    await regenerate(values.minor, directory);
  } finally {
    if (kept === undefined) await Deno.remove(directory, { recursive: true });
  }
}
if (values.check) {
  const stale = await findStale();
  if (stale !== null) throw new Error(`Cannot pass ${stale}: it is stale; run deno task gen`);
} else {
  await generate();
}
