/**
 * Compiles the decoder's AssemblyScript with the offsets of one family of Go releases. Called by family_pack.ts; the
 * compiler is heavy, so the service runs it in the maker's Worker only.
 */
import asc from "assemblyscript/asc";
import { MEMORY_PAGES, STATIC_OFFSET } from "../../decoder-as/assembly/memory_map.ts";
import type { Family } from "../../decoder-as/plans/family.ts";
import { renderConstants } from "../../decoder-as/plans/render.ts";

const ROOT = new URL("../../", import.meta.url);
const SOURCES = "decoder-as/assembly/";
const WIRE = "bpf/wire.gen.ts";
const ENTRY = "decoder-as/assembly/abi.ts";
/** The module whose text is replaced by the family's offsets. */
const LAYOUT_MODULE = "decoder-as/assembly/layout.ts";
/** What the compiler calls a file that it brings itself. */
const LIBRARY_PREFIX = "~lib";

/** Texts of a decoder's sources by their path from the root of the project. */
export type DecoderSources = ReadonlyMap<string, string>;

/** Reads what every family is compiled from. */
export async function readSources(): Promise<DecoderSources> {
  const sources = new Map<string, string>();
  const add = async (path: string) => {
    sources.set(path, await Deno.readTextFile(new URL(path, ROOT)));
  };
  await add(WIRE);
  for await (const { name, isFile } of Deno.readDir(new URL(SOURCES, ROOT))) {
    if (isFile) await add(SOURCES + name);
  }
  return sources;
}

/**
 * The bare module of a family, without sections of ours.
 *
 * @throws {Error} with what the compiler said.
 */
export function compile(family: Family, sources: DecoderSources): Promise<Uint8Array<ArrayBuffer>> {
  return compileModule({
    name: `decoder ${family.name}`,
    entry: ENTRY,
    pages: MEMORY_PAGES,
    maximumPages: MEMORY_PAGES,
    readFile: (path) => path === LAYOUT_MODULE ? renderConstants(family) : sources.get(path) ?? null,
  });
}

/** A module to compile; paths are from the root of the project. */
export interface ModuleSource {
  /** As a message names it. */
  readonly name: string;
  readonly entry: string;
  /** Of the memory that the host gives it. */
  readonly pages: number;
  readonly maximumPages: number;
  /** Null where there is no such file. */
  readonly readFile: (path: string) => string | null;
}

/**
 * A module whose memory is the host's and whose static data begins at STATIC_OFFSET.
 *
 * @throws {Error} with what the compiler said.
 */
export async function compileModule(
  { name, entry, pages, maximumPages, readFile }: ModuleSource,
): Promise<Uint8Array<ArrayBuffer>> {
  let module: Uint8Array | null = null;
  const { error, stderr } = await asc.main([
    entry,
    "--outFile",
    "module.wasm",
    "--runtime",
    "stub",
    "--importMemory",
    "--initialMemory",
    String(pages),
    "--maximumMemory",
    String(maximumPages),
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
    readFile: (path: string) => path.startsWith(LIBRARY_PREFIX) ? null : readFile(path),
    writeFile(_name: string, contents: Uint8Array | string) {
      if (typeof contents !== "string") module = contents;
    },
    listFiles: () => [],
  });
  // A warning is a number whose type the compiler had to guess.
  const complaints = stderr.toString();
  if (error || !module || complaints !== "") {
    throw new Error(`Cannot compile ${name}:\n${complaints}`, { cause: error });
  }
  return new Uint8Array(module);
}
