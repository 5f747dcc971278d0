/**
 * The Go build information of an executable: Go version and modules. Tells inspect.ts whether a program is Go at
 * all. Format: Go source, src/debug/buildinfo/buildinfo.go (pointers before 1.18, inline since).
 */
import { Bytes, findAligned } from "./bytes.ts";
import { type Elf, findSection, locate, PF_W, PT_LOAD, readAddress } from "./elf.ts";
import { corrupt } from "./refusal.ts";
import { Relocations } from "./relocations.ts";
import type { ExeReader } from "./source.ts";

/** "\xff Go buildinf:" */
const MAGIC = Uint8Array.from([0xff, ...new TextEncoder().encode(" Go buildinf:")]);
const ALIGN = 16;
const HEADER_BYTES = 32;
const SEARCH_CHUNK_BYTES = 1024 * 1024;
const MAX_SEARCH_BYTES = 64 * 1024 * 1024;
const MAX_VERSION_BYTES = 256;
const MAX_MODULE_BYTES = 4 * 1024 * 1024;
/** Modules beyond these are left out; Kubernetes links 250. */
const MAX_MODULES = 4_096;
const MAX_MODULE_PATH = 512;
const MAX_MODULE_VERSION = 256;

/** What the linker recorded. */
export interface BuildInfo {
  /** As recorded, experiments and all: "go1.26.8 X:nodwarf5". */
  readonly recordedVersion: string;
  readonly modulePath: string;
  /** Modules that are linked in but for the main one: path -> version, by the path of the replacement. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * Reads the build information.
 *
 * @returns `null` when there is none, so that the program is not Go (or was built without it).
 * @throws {Refusal} when there is one that contradicts its format.
 */
export async function readBuildInfo(elf: Elf, reader: ExeReader): Promise<BuildInfo | null> {
  const at = await findHeader(elf, reader);
  if (at === null) {
    return null;
  }
  const header = await reader.read(at, HEADER_BYTES, "Go build information");
  const inline = (header.u8(15) & 2) !== 0;
  return inline ? await readInline(reader, at + HEADER_BYTES) : await readPointers(elf, reader, header);
}

async function findHeader(elf: Elf, reader: ExeReader): Promise<number | null> {
  const section = findSection(elf, ".go.buildinfo");
  if (section !== undefined) {
    const found = await search(reader, section.offset, section.size);
    if (found === null) {
      throw corrupt("section .go.buildinfo holds no Go build information");
    }
    return found;
  }
  if (elf.sections.length > 0) {
    return null;
  }
  for (const segment of elf.segments) {
    if (segment.type === PT_LOAD && (segment.flags & PF_W) !== 0) {
      const found = await search(reader, segment.offset, segment.fileSize);
      if (found !== null) {
        return found;
      }
    }
  }
  return null;
}

/** Alignment holds for addresses, and file offsets are equal to them modulo the page size. */
async function search(reader: ExeReader, offset: number, size: number): Promise<number | null> {
  const end = Math.min(reader.size, offset + Math.min(size, MAX_SEARCH_BYTES));
  for (let at = offset - offset % ALIGN; at < end; at += SEARCH_CHUNK_BYTES) {
    const chunk = await reader.read(at, Math.min(SEARCH_CHUNK_BYTES, end - at), "writable data");
    const found = findAligned(chunk.data, MAGIC, ALIGN);
    if (found >= 0 && at + found + HEADER_BYTES <= reader.size) {
      return at + found;
    }
  }
  return null;
}

async function readInline(reader: ExeReader, offset: number): Promise<BuildInfo> {
  const version = await readText(reader, offset, MAX_VERSION_BYTES);
  const modules = await readText(reader, version.end, MAX_MODULE_BYTES);
  return buildInfo(version.text, modules.text);
}

/** A length as varint, then that many bytes. */
async function readText(
  reader: ExeReader,
  offset: number,
  limit: number,
): Promise<{ text: string; end: number }> {
  const head = await reader.read(offset, Math.min(5, reader.size - offset), "Go build information");
  let length = 0;
  let bytes = 0;
  for (let shift = 0;; shift += 7) {
    const byte = head.u8(bytes);
    bytes += 1;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      break;
    }
  }
  if (length > limit) {
    throw corrupt(`Go build information holds a text of ${length} bytes, must be at most ${limit}`);
  }
  const text = await reader.read(offset + bytes, length, "Go build information");
  return { text: text.text(0, text.length), end: offset + bytes + length };
}

async function readPointers(elf: Elf, reader: ExeReader, header: Bytes): Promise<BuildInfo> {
  if (header.u8(14) !== 8) {
    const pointerBytes = header.u8(14);
    if (pointerBytes === 4 && !elf.is64) {
      return buildInfo(await readString32(elf, reader, header.u32(16)), "");
    }
    throw corrupt(`Go build information has pointers of ${pointerBytes} bytes`);
  }
  const relocations = new Relocations(elf, reader);
  const version = await readString(elf, reader, header.u64(16), MAX_VERSION_BYTES, relocations);
  const modules = await readString(elf, reader, header.u64(24), MAX_MODULE_BYTES, relocations);
  return buildInfo(version, modules);
}

async function readString(
  elf: Elf,
  reader: ExeReader,
  address: number,
  limit: number,
  relocations: Relocations,
): Promise<string> {
  const place = locate(elf, address);
  if (place === null) {
    return "";
  }
  const string = await readAddress(elf, reader, { address, length: 16, name: "Go string" });
  const data = await relocations.pointer(address, string.u64(0));
  const length = string.u64(8);
  if (length > limit) {
    throw corrupt(`Go build information holds a text of ${length} bytes, must be at most ${limit}`);
  }
  return await readStringData(elf, reader, data, length);
}

async function readString32(elf: Elf, reader: ExeReader, address: number): Promise<string> {
  const string = await readAddress(elf, reader, { address, length: 8, name: "Go string" });
  return await readStringData(elf, reader, string.u32(0), Math.min(string.u32(4), MAX_VERSION_BYTES));
}

async function readStringData(elf: Elf, reader: ExeReader, address: number, length: number): Promise<string> {
  if (length === 0) {
    return "";
  }
  const data = await readAddress(elf, reader, { address, length, name: "Go string" });
  return data.text(0, length);
}

function buildInfo(recordedVersion: string, text: string): BuildInfo {
  if (recordedVersion === "") {
    throw corrupt("Go build information has no version");
  }
  // 16 bytes of framing, then lines "path\t<main package>", "mod\t<module>\t<version>\t<sum>", ...
  let modulePath = "";
  let replaced = "";
  const modules = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [kind = "", path = "", version = ""] = line.split("\t", 3);
    if (kind.endsWith("mod")) {
      modulePath ||= path;
    } else if (kind === "dep" || kind === "=>") {
      if (kind === "=>") {
        modules.delete(replaced);
      }
      replaced = path;
      if (
        modules.size < MAX_MODULES && path.length <= MAX_MODULE_PATH && version.length <= MAX_MODULE_VERSION
      ) {
        modules.set(path, version);
      }
    }
  }
  return { recordedVersion, modulePath, modules };
}
