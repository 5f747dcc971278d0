/**
 * Go's function table (pclntab): the names and addresses of all functions, present in every Go program, stripped
 * or not. Answers inspect.ts where the wanted functions are. Format: Go source, src/debug/gosym/pclntab.go and
 * src/runtime/symtab.go (pcHeader); Go 1.17 is "ver116", 1.18 and 1.19 "ver118", later ones "ver120".
 */
import type { Bytes } from "./bytes.ts";
import { type Elf, findSection, locate, PF_X, PT_LOAD, type Segment } from "./elf.ts";
import { findNames } from "./name_table.ts";
import { corrupt, Refusal } from "./refusal.ts";
import { Relocations } from "./relocations.ts";
import type { ExeReader } from "./source.ts";
import { findTextBase } from "./text_base.ts";

const MAGIC_116 = 0xffff_fffa;
const MAGIC_118 = 0xffff_fff0;
const MAGIC_120 = 0xffff_fff1;
const HEADER_BYTES = 72;
const SEARCH_CHUNK_BYTES = 4 * 1024 * 1024;
const MAX_CANDIDATES = 8;
/** Function records are read in pieces of this size; every record starts with what is wanted of it. */
const RECORDS_CHUNK_BYTES = 8 * 1024 * 1024;
const RECORD_HEAD_BYTES = 12;

/** Virtual addresses of a function as linked; `end` is where the next function begins. */
export interface FunctionRange {
  readonly entry: number;
  readonly end: number;
}

interface Header {
  readonly offset: number;
  readonly address: number;
  readonly functions: number;
  /** Bytes of one number of the function table: 8 (addresses) in Go 1.17, 4 (offsets from text) later. */
  readonly fieldBytes: number;
  /** Address of the text; 0 where it is not stored (Go 1.26 and later) or only relocated. */
  readonly textStart: number;
  readonly namesOffset: number;
  readonly namesBytes: number;
  readonly recordsOffset: number;
  readonly recordsBytes: number;
}

/**
 * Where the functions of these names are; a name that is not there is absent.
 *
 * @throws {Refusal} when the function table is missing or contradicts its format.
 */
export async function findFunctions(
  elf: Elf,
  reader: ExeReader,
  names: ReadonlySet<string>,
): Promise<Map<string, FunctionRange>> {
  const relocations = new Relocations(elf, reader);
  let failure: Refusal | undefined;
  for await (const header of headers(elf, reader)) {
    try {
      return await readTable(elf, reader, { header, names, relocations });
    } catch (error) {
      if (!(error instanceof Refusal)) {
        throw error;
      }
      failure ??= error;
    }
  }
  throw failure ?? corrupt("it holds no Go function table");
}

/** Headers that make sense, the likeliest first. */
async function* headers(elf: Elf, reader: ExeReader): AsyncGenerator<Header> {
  const section = findSection(elf, ".gopclntab", ".data.rel.ro.gopclntab");
  if (section !== undefined && section.size >= HEADER_BYTES) {
    const bytes = await reader.read(section.offset, HEADER_BYTES, "Go function table");
    const header = parseHeader(bytes, 0, section.offset, section.address, section.size);
    if (header !== null) {
      yield header;
    }
  }
  // A linker script may have merged the section into .data.rel.ro, and section headers may be absent.
  let candidates = 0;
  for (const segment of elf.segments) {
    if (segment.type === PT_LOAD && (segment.flags & PF_X) === 0) {
      for await (const header of search(segment, reader)) {
        candidates += 1;
        if (candidates > MAX_CANDIDATES) {
          return;
        }
        yield header;
      }
    }
  }
}

async function* search(segment: Segment, reader: ExeReader): AsyncGenerator<Header> {
  const size = Math.min(segment.fileSize, Math.max(0, reader.size - segment.offset));
  for (let at = 0; at + HEADER_BYTES <= size; at += SEARCH_CHUNK_BYTES) {
    const length = Math.min(SEARCH_CHUNK_BYTES + HEADER_BYTES, size - at);
    const chunk = await reader.read(segment.offset + at, length, "read-only data");
    // Byte 7 of the header is the pointer size; the table is aligned to it in memory, hence in the file.
    for (let i = 0; i + HEADER_BYTES <= length && i < SEARCH_CHUNK_BYTES; i += 8) {
      if (chunk.data[i + 1] === 0xff && chunk.data[i + 2] === 0xff && chunk.data[i + 7] === 8) {
        const header = parseHeader(
          chunk,
          i,
          segment.offset + at + i,
          segment.address + at + i,
          size - at - i,
        );
        if (header !== null) {
          yield header;
        }
      }
    }
  }
}

function parseHeader(
  bytes: Bytes,
  at: number,
  offset: number,
  address: number,
  available: number,
): Header | null {
  const magic = bytes.u32(at);
  const padding = bytes.u16(at + 4);
  // minLC 1 is x86-64; 8-byte pointers.
  if (![MAGIC_116, MAGIC_118, MAGIC_120].includes(magic) || padding !== 0 || bytes.u16(at + 6) !== 0x0801) {
    return null;
  }
  const absolute = magic === MAGIC_116;
  const words = Array.from({ length: 8 }, (_, i) => bytes.word(at + 8 + 8 * i));
  const textStart = absolute ? 0 : words[2];
  const functions = words[0];
  const [names, cu, files, pcs, records] = words.slice(absolute ? 2 : 3, absolute ? 7 : 8);
  if (
    functions == null || textStart == null || names == null || cu == null || files == null || pcs == null ||
    records == null
  ) {
    return null;
  }
  const fieldBytes = absolute ? 8 : 4;
  const ordered = names >= 64 && names < cu && cu <= files && files <= pcs && pcs <= records &&
    records < available;
  if (!ordered || functions < 1 || (2 * functions + 1) * fieldBytes > available - records) {
    return null;
  }
  return {
    offset,
    address,
    functions,
    fieldBytes,
    textStart,
    namesOffset: offset + names,
    namesBytes: cu - names,
    recordsOffset: offset + records,
    recordsBytes: available - records,
  };
}

async function readTable(
  elf: Elf,
  reader: ExeReader,
  search: { header: Header; names: ReadonlySet<string>; relocations: Relocations },
): Promise<Map<string, FunctionRange>> {
  const { header, names, relocations } = search;
  const nameTable = await reader.read(header.namesOffset, header.namesBytes, "Go function names");
  const wanted = findNames(nameTable.data, names);
  const tableBytes = (2 * header.functions + 1) * header.fieldBytes;
  const table = await reader.read(header.recordsOffset, tableBytes, "Go function table");
  const found = new Map<string, FunctionRange>();
  if (wanted.size === 0) {
    return found;
  }
  const indices = await findRecords(reader, header, table, wanted);
  const addressOf = await addresses(elf, reader, { header, table, relocations });
  for (const [name, index] of indices) {
    const entry = await addressOf(index);
    const end = await addressOf(index + 1);
    const place = locate(elf, entry);
    if (
      end <= entry || place === null || (place.segment.flags & PF_X) === 0 || place.available < end - entry
    ) {
      throw corrupt(`Go function ${name} is outside the program's code`);
    }
    found.set(name, { entry, end });
  }
  return found;
}

/** Index in the function table of each wanted name, by one pass over the function records. */
async function findRecords(
  reader: ExeReader,
  header: Header,
  table: Bytes,
  wanted: ReadonlyMap<number, string>,
): Promise<Map<string, number>> {
  const { functions, fieldBytes, recordsOffset, recordsBytes } = header;
  const recordOf = (index: number) => {
    const at = (2 * index + 1) * fieldBytes;
    return fieldBytes === 8 ? table.u64(at) : table.u32(at);
  };
  const found = new Map<string, number>();
  let chunk: Bytes | undefined;
  let start = 0;
  for (let index = 0; index < functions; index++) {
    const record = recordOf(index);
    if (record + RECORD_HEAD_BYTES > recordsBytes || record < start) {
      throw corrupt(`Go function table points to ${record} in entry ${index}, outside its records`);
    }
    if (chunk === undefined || record + RECORD_HEAD_BYTES > start + chunk.length) {
      start = record;
      const last = recordOf(functions - 1);
      const end = last > record && last < recordsBytes ? last + RECORD_HEAD_BYTES : recordsBytes;
      chunk = await reader.read(
        recordsOffset + start,
        Math.min(RECORDS_CHUNK_BYTES, end - start),
        "Go function records",
      );
    }
    // A record starts with the entry, then the offset of the name.
    const name = wanted.get(chunk.u32(record - start + fieldBytes));
    if (name !== undefined) {
      if (found.has(name)) {
        throw corrupt(`Go function ${name} is listed twice`);
      }
      found.set(name, index);
    }
  }
  return found;
}

/** How an index of the function table becomes an address. */
async function addresses(
  elf: Elf,
  reader: ExeReader,
  { header, table, relocations }: { header: Header; table: Bytes; relocations: Relocations },
): Promise<(index: number) => Promise<number>> {
  if (header.fieldBytes === 8) {
    const tableAddress = header.address + header.recordsOffset - header.offset;
    return (index) => relocations.pointer(tableAddress + 16 * index, table.u64(16 * index));
  }
  const textBase = await findTextBase(elf, reader, relocations, {
    tableAddress: header.address,
    stored: header.textStart,
    firstFunction: table.u32(0),
    textEnd: table.u32(8 * header.functions),
  });
  return (index) => Promise.resolve(textBase + table.u32(8 * index));
}
