/**
 * Builds build/decoders/*.wasm: groups decoder-as/layouts into families, makes the decoder of each and has the gate try
 * it, so that the service need not. Does nothing when no input changed since the last build. Run by `deno task build`.
 */
import { type Family, groupFamilies } from "../decoder-as/plans/family.ts";
import { parseLayout } from "../decoder-as/plans/layout.ts";
import { generatedFiles } from "../decoder-as/plans/render.ts";
import { examinePack } from "../src/gate/examine.ts";
import { tryPack } from "../src/gate/try_pack.ts";
import { makePack } from "../src/maker/family_pack.ts";
import { VERSION } from "../src/support/version.ts";

const ROOT = new URL("../", import.meta.url);
const OUTPUT = new URL("build/decoders/", ROOT);
/** Digest of all inputs of the last build. */
const STAMP = new URL("build/decoders.stamp", ROOT);
const INPUTS = [
  "decoder-as/",
  "bpf/wire.gen.ts",
  "src/decoder/",
  "src/gate/",
  "src/maker/",
  "src/support/",
  "scripts/build_decoders.ts",
];

/** In decoder-as/, and no part of any decoder. */
const RED_STAGE = "decoder-as/red/";

type Inputs = ReadonlyMap<string, string>;

async function readInputs(): Promise<Inputs> {
  const inputs = new Map<string, string>();
  const add = async (path: string) => {
    if (path.endsWith("_test.ts") || path === RED_STAGE) return;
    if (!path.endsWith("/")) {
      inputs.set(path, await Deno.readTextFile(new URL(path, ROOT)));
      return;
    }
    for await (const entry of Deno.readDir(new URL(path, ROOT))) {
      await add(path + entry.name + (entry.isDirectory ? "/" : ""));
    }
  };
  for (const path of INPUTS) await add(path);
  return new Map([...inputs].sort(([a], [b]) => a < b ? -1 : 1));
}

async function digest(inputs: Inputs): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([...inputs]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function readFamilies(inputs: Inputs): Family[] {
  const layouts = [...inputs].filter(([path]) => path.startsWith("decoder-as/layouts/"));
  return groupFamilies(layouts.map(([path, text]) => parseLayout(text, path)));
}

/** Refuses to build from generated files that no longer follow from their sources. */
function checkGenerated(inputs: Inputs, families: readonly Family[]): void {
  for (const [path, text] of generatedFiles(families)) {
    if (inputs.get(path) !== text) throw new Error(`Cannot use ${path}: it is stale; run deno task gen`);
  }
}

/** The family's decoder, which has passed the gate. */
async function build(family: Family): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await makePack(family, { version: VERSION });
  const pack = await examinePack(bytes);
  const refusal = "manifest" in pack ? tryPack(pack) : pack;
  if (refusal) throw new Error(`${refusal.message} [${refusal.code}]`);
  return bytes;
}

/** Removes what an earlier build left for families that are gone. */
async function removeOthers(names: ReadonlySet<string>): Promise<void> {
  for await (const entry of Deno.readDir(OUTPUT)) {
    if (!names.has(entry.name)) await Deno.remove(new URL(entry.name, OUTPUT));
  }
}

/** Whether the last build had the same inputs and its modules are still there. */
async function isFresh(stamp: string, names: ReadonlySet<string>): Promise<boolean> {
  if (await Deno.readTextFile(STAMP).catch(() => "") !== stamp) return false;
  for (const name of names) {
    if (!await Deno.stat(new URL(name, OUTPUT)).catch(() => null)) return false;
  }
  return true;
}

const inputs = await readInputs();
const families = readFamilies(inputs);
const names = new Set(families.map(({ name }) => `${name}.wasm`));
const stamp = await digest(inputs);
if (!await isFresh(stamp, names)) {
  checkGenerated(inputs, families);
  await Deno.mkdir(OUTPUT, { recursive: true });
  for (const family of families) {
    await Deno.writeFile(new URL(`${family.name}.wasm`, OUTPUT), await build(family));
  }
  await removeOthers(names);
  await Deno.writeTextFile(STAMP, stamp);
}
