/**
 * Looks into one executable: is it Go, which version, and which instructions to probe. Called by discovery for every
 * new executable, by doctor and by scripts. The bytes are untrusted: all that is wrong with them is a refusal.
 */
import { readBuildId } from "./build_id.ts";
import { readBuildInfo } from "./build_info.ts";
import type { FunctionCode } from "./code.ts";
import { type Elf, EM_X86_64, ET_DYN, findSection, locate, readElf } from "./elf.ts";
import { headerMapOf, parseGoVersion, stackArguments } from "./go_version.ts";
import { findFunctions, type FunctionRange } from "./pclntab.ts";
import {
  corrupt,
  goTooOld,
  goVersionUnknown,
  Refusal,
  stackArgumentsChosen,
  unsupportedArch,
  upxPacked,
} from "./refusal.ts";
import { chooseSites, type Functions } from "./sites.ts";
import { ExeReader } from "./source.ts";
import { SYMBOLS } from "./symbols.ts";
import type { ByteSource, GoExe, Inspection } from "./types.ts";
import { isPackedGo } from "./upx.ts";

/** The register calling convention on amd64 came with Go 1.17. */
const MIN_MINOR = 17;
/** The longest of the functions has 5 KiB, 20 KiB in debug builds. */
const MAX_FUNCTION_BYTES = 128 * 1024;
/** e_machine of other processors that Go builds for. */
const MACHINES: Readonly<Record<number, string>> = { 3: "386", 40: "arm", 183: "arm64", 243: "riscv64" };

/**
 * Inspects an executable.
 *
 * @throws {Error} only when the source cannot be read or `signal` is aborted, never for what the bytes are.
 */
export async function inspectGoExe(
  source: ByteSource,
  options: { signal?: AbortSignal } = {},
): Promise<Inspection> {
  const reader = new ExeReader(source, options);
  let goVersion: string | null = null;
  try {
    const elf = await readElf(reader);
    if (elf === null) {
      return { kind: "not-go" };
    }
    if (await isPackedGo(elf, reader)) {
      throw upxPacked();
    }
    const buildId = await readBuildId(elf, reader);
    const info = await readBuildInfo(elf, reader);
    if (info === null) {
      if (buildId !== "") {
        throw corrupt("it has a Go build id but no Go build information");
      }
      return { kind: "not-go" };
    }
    const version = parseGoVersion(info.recordedVersion);
    if (version === null) {
      throw goVersionUnknown(info.recordedVersion);
    }
    goVersion = version.version;
    if (!elf.is64 || elf.machine !== EM_X86_64) {
      throw unsupportedArch(MACHINES[elf.machine] ?? `machine ${elf.machine}`);
    }
    if (version.minor < MIN_MINOR) {
      throw goTooOld(goVersion);
    }
    const experiment = stackArguments(version.experiments);
    if (experiment !== null) {
      throw stackArgumentsChosen(goVersion, experiment);
    }
    const sites = await chooseSites(await functionsOf(elf, reader));
    const exe: GoExe = {
      goVersion,
      recordedVersion: info.recordedVersion,
      modulePath: info.modulePath,
      modules: info.modules,
      headerMap: headerMapOf(version.experiments),
      buildId,
      pie: elf.type === ET_DYN,
      stripped: findSection(elf, ".symtab") === undefined,
      sites,
    };
    return { kind: "go", exe };
  } catch (error) {
    if (error instanceof Refusal) {
      return { kind: "refused", goVersion, reason: error.reason };
    }
    throw error;
  }
}

async function functionsOf(elf: Elf, reader: ExeReader): Promise<Functions> {
  const ranges = await findFunctions(elf, reader, SYMBOLS);
  const loaded = new Map<string, FunctionCode>();
  return {
    has: (name) => ranges.has(name),
    address: (name) => ranges.get(name)?.entry ?? 0,
    load: async (name) => {
      const range = ranges.get(name);
      if (range === undefined) {
        throw corrupt(`function ${name} is gone`);
      }
      const fn = loaded.get(name) ?? await loadFunction(elf, reader, name, range);
      loaded.set(name, fn);
      return fn;
    },
  };
}

async function loadFunction(
  elf: Elf,
  reader: ExeReader,
  name: string,
  { entry, end }: FunctionRange,
): Promise<FunctionCode> {
  const place = locate(elf, entry);
  if (place === null || end - entry > MAX_FUNCTION_BYTES) {
    throw corrupt(`Go function ${name} has ${end - entry} bytes, must be at most ${MAX_FUNCTION_BYTES}`);
  }
  const bytes = await reader.read(place.offset, end - entry, name);
  return { name, address: entry, fileOffset: place.offset, code: bytes.data };
}
