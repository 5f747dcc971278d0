/**
 * ELF headers, little-endian, 32 and 64 bit: segments, and sections where the file has them. Program headers
 * are what the kernel runs, so they decide; section headers only say where to look first. Used by all of goexe.
 * Format: System V ABI, chapters "Object Files" and "Program Loading".
 */
import { Bytes } from "./bytes.ts";
import { corrupt } from "./refusal.ts";
import type { ExeReader } from "./source.ts";

export const ET_EXEC = 2;
export const ET_DYN = 3;
export const EM_X86_64 = 62;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PF_X = 1;
export const PF_W = 2;
export const SHF_COMPRESSED = 0x800;
const SHT_NOBITS = 8;
const MAX_SEGMENTS = 512;
const MAX_SECTIONS = 8_192;
const MAX_NAMES_BYTES = 1024 * 1024;

/** A program header. */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

/** A section header of a section with bytes in the file. */
export interface Section {
  readonly name: string;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** What the headers say. */
export interface Elf {
  readonly is64: boolean;
  readonly type: number;
  readonly machine: number;
  readonly segments: readonly Segment[];
  /** Empty when the file has no usable section headers. */
  readonly sections: readonly Section[];
}

/**
 * Reads the headers.
 *
 * @returns `null` when the file is no little-endian ELF executable.
 * @throws {Refusal} when the program headers are outside the file.
 */
export async function readElf(reader: ExeReader): Promise<Elf | null> {
  if (reader.size < 64) {
    return null;
  }
  const head = await reader.read(0, 64, "ELF header");
  const is64 = head.u8(4) === 2;
  if (head.u32(0) !== 0x464c_457f || (!is64 && head.u8(4) !== 1) || head.u8(5) !== 1) {
    return null;
  }
  const type = head.u16(16);
  if (type !== ET_EXEC && type !== ET_DYN) {
    return null;
  }
  const [phoff, shoff, counts] = is64 ? [head.u64(32), head.word(40), 54] : [head.u32(28), head.u32(32), 42];
  const segments = await readSegments(reader, {
    is64,
    offset: phoff,
    entryBytes: head.u16(counts),
    count: head.u16(counts + 2),
  });
  const sections = await readSections(reader, {
    is64,
    offset: shoff ?? 0,
    entryBytes: head.u16(counts + 4),
    count: head.u16(counts + 6),
    nameIndex: head.u16(counts + 8),
  });
  return { is64, type, machine: head.u16(18), segments, sections };
}

interface Table {
  readonly is64: boolean;
  readonly offset: number;
  readonly entryBytes: number;
  readonly count: number;
}

async function readSegments(reader: ExeReader, table: Table): Promise<Segment[]> {
  const { is64, offset, entryBytes, count } = table;
  if (entryBytes !== (is64 ? 56 : 32) || count === 0 || count > MAX_SEGMENTS) {
    throw corrupt(`it has ${count} program headers of ${entryBytes} bytes`);
  }
  const data = await reader.read(offset, entryBytes * count, "program header table");
  const segments: Segment[] = [];
  for (let at = 0; at < data.length; at += entryBytes) {
    segments.push(
      is64
        ? {
          type: data.u32(at),
          flags: data.u32(at + 4),
          offset: data.u64(at + 8),
          address: data.u64(at + 16),
          fileSize: data.u64(at + 32),
        }
        : {
          type: data.u32(at),
          flags: data.u32(at + 24),
          offset: data.u32(at + 4),
          address: data.u32(at + 8),
          fileSize: data.u32(at + 16),
        },
    );
  }
  return segments;
}

/** The kernel does not look at sections, so a table that makes no sense counts as none. */
async function readSections(reader: ExeReader, table: Table & { nameIndex: number }): Promise<Section[]> {
  const { is64, offset, entryBytes, count, nameIndex } = table;
  const end = offset + entryBytes * count;
  if (
    entryBytes !== (is64 ? 64 : 40) || count === 0 || count > MAX_SECTIONS || offset < 52 ||
    end > reader.size ||
    nameIndex >= count
  ) {
    return [];
  }
  const data = await reader.read(offset, entryBytes * count, "section header table");
  const raw = Array.from({ length: count }, (_, i) => rawSection(data, i * entryBytes, is64));
  const nameTable = raw[nameIndex];
  if (!nameTable || nameTable.size > MAX_NAMES_BYTES || nameTable.offset + nameTable.size > reader.size) {
    return [];
  }
  const names = await reader.read(nameTable.offset, nameTable.size, "section names");
  const sections: Section[] = [];
  for (const section of raw) {
    if (section === null || section.type === SHT_NOBITS || section.offset + section.size > reader.size) {
      continue;
    }
    const name = sectionName(names, section.nameOffset);
    if (name !== "") {
      const { flags, address, offset, size } = section;
      sections.push({ name, flags, address, offset, size });
    }
  }
  return sections;
}

function rawSection(data: Bytes, at: number, is64: boolean) {
  const [flags, address, offset, size] = is64
    ? [data.word(at + 8), data.word(at + 16), data.word(at + 24), data.word(at + 32)]
    : [data.u32(at + 8), data.u32(at + 12), data.u32(at + 16), data.u32(at + 20)];
  if (flags == null || address == null || offset == null || size == null) {
    return null;
  }
  return { nameOffset: data.u32(at), type: data.u32(at + 4), flags, address, offset, size };
}

function sectionName(names: Bytes, offset: number): string {
  const end = offset < names.length ? names.data.indexOf(0, offset) : -1;
  return end < 0 || end - offset > 64 ? "" : names.text(offset, end - offset);
}

/** The section of that name, if the file has it. */
export function findSection(elf: Elf, ...names: readonly string[]): Section | undefined {
  return elf.sections.find((section) => names.includes(section.name));
}

/** Where the byte at a virtual address is in the file, and how many more bytes its segment has there. */
export function locate(
  elf: Elf,
  address: number,
): { offset: number; available: number; segment: Segment } | null {
  for (const segment of elf.segments) {
    const into = address - segment.address;
    if (segment.type === PT_LOAD && into >= 0 && into < segment.fileSize) {
      return { offset: segment.offset + into, available: segment.fileSize - into, segment };
    }
  }
  return null;
}

/** Bytes at a virtual address. */
export async function readAddress(
  elf: Elf,
  reader: ExeReader,
  options: { address: number; length: number; name: string },
): Promise<Bytes> {
  const place = locate(elf, options.address);
  if (place === null || place.available < options.length) {
    throw corrupt(`${options.name} at 0x${options.address.toString(16)} is in no segment`);
  }
  return await reader.read(place.offset, options.length, options.name);
}
