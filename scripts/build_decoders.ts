/**
 * Builds build/decoders/*.wasm: groups decoder-as/layouts into families, compiles the decoder with the offsets of
 * each and puts the manifest into the module. Does nothing when no input changed since the last build. Run by
 * `deno task build`.
 */
import asc from "assemblyscript/asc";
import { type Family, groupFamilies } from "../decoder-as/plans/family.ts";
import { parseLayout } from "../decoder-as/plans/layout.ts";
import { generatedFiles, renderConstants } from "../decoder-as/plans/render.ts";
import { MEMORY_PAGES, STATIC_OFFSET } from "../decoder-as/assembly/memory_map.ts";
import { ABI_VERSION } from "../decoder-as/assembly/version.ts";
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../bpf/wire.gen.ts";
import { type DecoderManifest, MANIFEST_SECTION } from "../src/decoder/manifest.ts";
import { withCustomSection } from "../src/decoder/wasm_section.ts";
import { VERSION } from "../src/support/version.ts";

const ROOT = new URL("../", import.meta.url);
const OUTPUT = new URL("build/decoders/", ROOT);
/** Digest of all inputs of the last build. */
const STAMP = new URL("build/decoders.stamp", ROOT);
const INPUTS = [
  "decoder-as/",
  "bpf/wire.gen.ts",
  "src/decoder/",
  "src/support/version.ts",
  "scripts/build_decoders.ts",
];
const ENTRY = "decoder-as/assembly/abi.ts";
/** The module whose text is replaced by the family's offsets. */
const LAYOUT_MODULE = "decoder-as/assembly/layout.ts";
/** What the compiler calls a file that it brings itself. */
const LIBRARY_PREFIX = "~lib";

type Inputs = ReadonlyMap<string, string>;

async function readInputs(): Promise<Inputs> {
  const inputs = new Map<string, string>();
  const add = async (path: string) => {
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

function manifestOf(family: Family): DecoderManifest {
  const hex = (word: number) => word.toString(16).padStart(8, "0");
  return {
    name: family.name,
    version: VERSION,
    abi: ABI_VERSION,
    wireFingerprint: hex(WIRE_FINGERPRINT_HIGH) + hex(WIRE_FINGERPRINT_LOW),
    goRange: family.goRange,
    layout: family.kernel,
    plans: family.plans,
    provenance: { toolchains: family.toolchains, method: family.method },
  };
}

/** Compiles the decoder with the offsets of a family. */
async function compile(family: Family, inputs: Inputs): Promise<Uint8Array<ArrayBuffer>> {
  let module: Uint8Array | null = null;
  const { error, stderr } = await asc.main([
    ENTRY,
    "--outFile",
    "decoder.wasm",
    "--runtime",
    "stub",
    "--importMemory",
    "--initialMemory",
    String(MEMORY_PAGES),
    "--maximumMemory",
    String(MEMORY_PAGES),
    "--zeroFilledMemory",
    "--memoryBase",
    String(STATIC_OFFSET),
    "--enable",
    "simd",
    "-O3",
    "--noAssert",
    // "Exchange of v128 values": none leaves the module.
    "--disableWarning",
    "112",
  ], {
    readFile(name: string) {
      if (name.startsWith(LIBRARY_PREFIX)) return null;
      if (name === LAYOUT_MODULE) return renderConstants(family);
      return inputs.get(name) ?? null;
    },
    writeFile(_name: string, contents: Uint8Array | string) {
      if (typeof contents !== "string") module = contents;
    },
    listFiles: () => [],
  });
  // A warning is a number whose type the compiler had to guess.
  const complaints = stderr.toString();
  if (error || !module || complaints !== "") {
    throw new Error(`Cannot compile decoder ${family.name}:\n${complaints}`, { cause: error });
  }
  const section = new TextEncoder().encode(JSON.stringify(manifestOf(family)));
  return withCustomSection(new Uint8Array(module), MANIFEST_SECTION, section);
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
    await Deno.writeFile(new URL(`${family.name}.wasm`, OUTPUT), await compile(family, inputs));
  }
  await removeOthers(names);
  await Deno.writeTextFile(STAMP, stamp);
}
