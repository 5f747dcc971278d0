/**
 * The address that Go's function table counts from (the linker's runtime.text). Go 1.18 to 1.25 store it in the
 * table's header, where an external linker leaves a relocation; Go 1.26 and later store it only in the runtime's
 * moduledata. Used by pclntab.ts. Format: Go source, src/runtime/symtab.go (moduledata, pcHeader).
 */
import { type Elf, findSection, locate, PF_X, PT_LOAD, readAddress } from "./elf.ts";
import { corrupt } from "./refusal.ts";
import type { Relocations } from "./relocations.ts";
import type { ExeReader } from "./source.ts";

/** Place of textStart in the header of the function table. */
const TEXT_START_OFFSET = 24;
/** Words of moduledata, the same from Go 1.17 to 1.27. */
const WORD_MIN_PC = 20;
const WORD_MAX_PC = 21;
const WORD_TEXT = 22;
const MODULE_WORDS = 24;
const CHUNK_BYTES = 4 * 1024 * 1024;
const MAX_CANDIDATES = 16;

/** What is known of the function table. */
export interface TableFacts {
  readonly tableAddress: number;
  /** textStart as stored in the header. */
  readonly stored: number;
  /** Offset of the first function, and of the end of the last one. */
  readonly firstFunction: number;
  readonly textEnd: number;
}

/** @throws {Refusal} when no address can be proven. */
export async function findTextBase(
  elf: Elf,
  reader: ExeReader,
  relocations: Relocations,
  facts: TableFacts,
): Promise<number> {
  const stored = await relocations.pointer(facts.tableAddress + TEXT_START_OFFSET, facts.stored);
  if (stored !== 0) {
    return isCode(elf, stored, facts) ? stored : fail();
  }
  let candidates = 0;
  for await (const address of pointersToTable(elf, reader, relocations, facts.tableAddress)) {
    const base = await moduleText(elf, reader, relocations, address, facts);
    if (base !== null) {
      return base;
    }
    candidates += 1;
    if (candidates >= MAX_CANDIDATES) {
      break;
    }
  }
  return fail();
}

function fail(): never {
  throw corrupt("the Go function table does not say where the code begins");
}

function isCode(elf: Elf, base: number, { firstFunction, textEnd }: TableFacts): boolean {
  const place = locate(elf, base + firstFunction);
  return place !== null && (place.segment.flags & PF_X) !== 0 && textEnd - firstFunction <= place.available;
}

/** Addresses that hold, or will hold, a pointer to the table; moduledata begins with one. */
async function* pointersToTable(
  elf: Elf,
  reader: ExeReader,
  relocations: Relocations,
  tableAddress: number,
): AsyncGenerator<number> {
  const section = findSection(elf, ".go.module");
  const low = tableAddress % 0x1_0000_0000;
  const high = Math.floor(tableAddress / 0x1_0000_0000);
  const segments = elf.segments.filter(({ type, flags }) => type === PT_LOAD && (flags & PF_X) === 0);
  const ranges = [
    ...(section === undefined ? [] : [{ ...section, fileSize: section.size }]),
    ...segments.reverse(),
  ];
  for (const { offset, address, fileSize } of ranges) {
    const size = Math.min(fileSize, Math.max(0, reader.size - offset));
    for (let at = 0; at + 8 <= size; at += CHUNK_BYTES) {
      const chunk = await reader.read(offset + at, Math.min(CHUNK_BYTES, size - at), "Go data");
      for (let i = 0; i + 8 <= chunk.length; i += 8) {
        if (chunk.u32(i) === low && chunk.u32(i + 4) === high) {
          yield address + at + i;
        }
      }
    }
  }
  yield* await relocations.pointersTo(tableAddress, MAX_CANDIDATES);
}

/** The text address of the moduledata at `address`, if it is one that agrees with the table. */
async function moduleText(
  elf: Elf,
  reader: ExeReader,
  relocations: Relocations,
  address: number,
  facts: TableFacts,
): Promise<number | null> {
  const place = locate(elf, address);
  if (place === null || place.available < 8 * MODULE_WORDS) {
    return null;
  }
  const words = await readAddress(elf, reader, { address, length: 8 * MODULE_WORDS, name: "Go moduledata" });
  const pointer = async (index: number) => {
    const stored = words.word(8 * index);
    return stored === null ? null : await relocations.pointer(address + 8 * index, stored);
  };
  const text = await pointer(WORD_TEXT);
  if (text === null || text === 0 || !isCode(elf, text, facts)) {
    return null;
  }
  const agrees = await pointer(WORD_MIN_PC) === text + facts.firstFunction &&
    await pointer(WORD_MAX_PC) === text + facts.textEnd;
  return agrees ? text : null;
}
