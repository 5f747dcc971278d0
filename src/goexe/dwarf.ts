/**
 * Struct layouts from DWARF debug information (versions 2 to 5), for scripts/build_layouts and doctor: field offsets
 * of Go's own types, as the compiler recorded them. Streams one compile unit at a time.
 */
import {
  type Abbreviation,
  Cursor,
  readAbbreviations,
  skipForm,
  stringLength,
  type UnitFormat,
} from "./abbrev.ts";
import { Bytes } from "./bytes.ts";
import { readElf } from "./elf.ts";
import { corrupt } from "./refusal.ts";
import { findDebugSection, readWholeSection, streamSection } from "./section_stream.ts";
import { ExeReader } from "./source.ts";
import type { ByteSource } from "./types.ts";

const MAX_ABBREV_BYTES = 64 * 1024 * 1024;
const MAX_UNIT_BYTES = 256 * 1024 * 1024;
const MAX_READ_BYTES = 8 * 1024 * 1024 * 1024;
const TAG_MEMBER = 0x0d;
const TAG_STRUCTURE_TYPE = 0x13;
const AT_NAME = 0x03;
const AT_BYTE_SIZE = 0x0b;
const AT_DATA_MEMBER_LOCATION = 0x38;
const FORM_STRING = 0x08;
const OP_PLUS_UCONST = 0x23;
/** Unit types of DWARF 5 whose header is longer than that of a compile unit. */
const UNIT_HEADER_EXTRA: Readonly<Record<number, number>> = { 0x01: 0, 0x03: 0, 0x04: 8, 0x05: 8 };

/** One struct as the compiler laid it out. */
export interface StructLayout {
  readonly byteSize: number;
  /** Offsets of those wanted fields that the struct has. */
  readonly offsets: ReadonlyMap<string, number>;
}

/**
 * Reads struct layouts.
 *
 * @param wanted struct name as in DWARF ("net/http.Request") -> names of its fields.
 * @returns struct name -> layout, for those structs that the program has.
 * @throws {Refusal} when the debug information is missing or contradicts its format.
 */
export async function readStructs(
  source: ByteSource,
  wanted: Readonly<Record<string, readonly string[]>>,
  options: { signal?: AbortSignal } = {},
): Promise<Map<string, StructLayout>> {
  const reader = new ExeReader(source, { ...options, maxReadBytes: MAX_READ_BYTES });
  const elf = await readElf(reader);
  const info = elf && findDebugSection(elf, "info");
  const abbrev = elf && findDebugSection(elf, "abbrev");
  if (info == null || abbrev == null) {
    throw corrupt("it has no debug information");
  }
  const abbrevs = new Bytes(await readWholeSection(reader, abbrev, MAX_ABBREV_BYTES), abbrev.name);
  const tables = new Map<number, Map<number, Abbreviation>>();
  const search = new Search(wanted);
  for await (const unit of units(streamSection(reader, info), info.name)) {
    const { table, format, entries } = unitHeader(unit);
    const abbreviations = tables.get(table) ?? readAbbreviations(abbrevs, table);
    tables.set(table, abbreviations);
    search.walk(new Cursor(unit.bytes, entries), abbreviations, format);
    if (search.complete) {
      break;
    }
  }
  return search.found;
}

interface Unit {
  readonly bytes: Bytes;
  readonly offsetBytes: number;
}

/** Cuts the section into units, each without its length field. */
async function* units(stream: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Unit> {
  let buffer = new Uint8Array(0);
  let length: number | null = null;
  let offsetBytes = 4;
  for await (const piece of stream) {
    const joined: Uint8Array<ArrayBuffer> = new Uint8Array(buffer.length + piece.length);
    joined.set(buffer);
    joined.set(piece, buffer.length);
    let at = 0;
    for (;;) {
      if (length === null) {
        if (joined.length - at < 12) {
          break;
        }
        const head = new Bytes(joined.subarray(at, at + 12), name);
        offsetBytes = head.u32(0) === 0xffff_ffff ? 8 : 4;
        length = offsetBytes === 8 ? head.u64(4) : head.u32(0);
        at += offsetBytes === 8 ? 12 : 4;
        if (length > MAX_UNIT_BYTES) {
          throw corrupt(`${name} has a unit of ${length} bytes, must be at most ${MAX_UNIT_BYTES}`);
        }
      }
      if (joined.length - at < length) {
        break;
      }
      yield { bytes: new Bytes(joined.subarray(at, at + length), name), offsetBytes };
      at += length;
      length = null;
    }
    buffer = joined.slice(at);
  }
  if (length !== null) {
    throw corrupt(`${name} ends within a unit`);
  }
}

function unitHeader({ bytes, offsetBytes }: Unit): { table: number; format: UnitFormat; entries: number } {
  const version = bytes.u16(0);
  if (version < 2 || version > 5) {
    throw corrupt(`${bytes.name} has a unit of version ${version}, must be 2 to 5`);
  }
  const offset = (at: number) => offsetBytes === 8 ? bytes.u64(at) : bytes.u32(at);
  if (version < 5) {
    const addressBytes = bytes.u8(2 + offsetBytes);
    return { table: offset(2), format: { version, addressBytes, offsetBytes }, entries: 3 + offsetBytes };
  }
  const extra = UNIT_HEADER_EXTRA[bytes.u8(2)];
  // Type units hold no Go types: an empty walk.
  const entries = extra === undefined ? bytes.length : 4 + offsetBytes + extra;
  return { table: offset(4), format: { version, addressBytes: bytes.u8(3), offsetBytes }, entries };
}

interface OpenStruct {
  readonly name: string;
  readonly byteSize: number;
  readonly depth: number;
  readonly offsets: Map<string, number>;
}

/** Collects the wanted structs from the entries of one unit after another. */
class Search {
  readonly found = new Map<string, StructLayout>();
  readonly #wanted: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(wanted: Readonly<Record<string, readonly string[]>>) {
    this.#wanted = new Map(Object.entries(wanted).map(([name, fields]) => [name, new Set(fields)]));
  }

  get complete(): boolean {
    return this.found.size === this.#wanted.size;
  }

  walk(cursor: Cursor, abbreviations: ReadonlyMap<number, Abbreviation>, format: UnitFormat): void {
    let depth = 0;
    let open: OpenStruct | null = null;
    while (cursor.at < cursor.bytes.length) {
      const code = cursor.uleb();
      if (code === 0) {
        depth -= 1;
        if (open !== null && depth <= open.depth) {
          this.found.set(open.name, { byteSize: open.byteSize, offsets: open.offsets });
          open = null;
        }
        continue;
      }
      const abbreviation = abbreviations.get(code);
      if (abbreviation === undefined) {
        throw corrupt(`${cursor.bytes.name} has an entry of unknown kind ${code}`);
      }
      if (open !== null && abbreviation.tag === TAG_MEMBER && depth === open.depth + 1) {
        const { name, location } = readEntry(cursor, abbreviation, format);
        if (location !== null && this.#wanted.get(open.name)?.has(name)) {
          open.offsets.set(name, location);
        }
      } else if (open === null && abbreviation.tag === TAG_STRUCTURE_TYPE) {
        const { name, byteSize } = readEntry(cursor, abbreviation, format);
        if (byteSize !== null && this.#wanted.has(name) && !this.found.has(name)) {
          if (abbreviation.children) {
            open = { name, byteSize, depth, offsets: new Map() };
          } else {
            this.found.set(name, { byteSize, offsets: new Map() });
          }
        }
      } else {
        const { attributes } = abbreviation;
        for (let i = 1; i < attributes.length; i += 3) {
          skipForm(cursor, attributes[i] ?? 0, format);
        }
      }
      if (abbreviation.children) {
        depth += 1;
      }
    }
  }
}

interface Entry {
  readonly name: string;
  readonly byteSize: number | null;
  readonly location: number | null;
}

function readEntry(cursor: Cursor, { attributes }: Abbreviation, format: UnitFormat): Entry {
  let name = "";
  let byteSize: number | null = null;
  let location: number | null = null;
  for (let i = 0; i < attributes.length; i += 3) {
    const attribute = attributes[i];
    const form = attributes[i + 1] ?? 0;
    const start = cursor.at;
    if (attribute === AT_NAME && form === FORM_STRING) {
      const length = stringLength(cursor);
      name = cursor.bytes.text(start, length);
      cursor.at = start + length + 1;
      continue;
    }
    skipForm(cursor, form, format);
    if (attribute === AT_BYTE_SIZE) {
      byteSize = readNumber(cursor.bytes, start, form, attributes[i + 2] ?? 0);
    } else if (attribute === AT_DATA_MEMBER_LOCATION) {
      location = readNumber(cursor.bytes, start, form, attributes[i + 2] ?? 0);
    }
  }
  return { name, byteSize, location };
}

/** A constant attribute, or the location expression "plus this constant"; `null` for any other. */
function readNumber(bytes: Bytes, at: number, form: number, implicit: number): number | null {
  switch (form) {
    case 0x0b: // data1
      return bytes.u8(at);
    case 0x05: // data2
      return bytes.u16(at);
    case 0x06: // data4
      return bytes.u32(at);
    case 0x07: // data8
      return bytes.u64(at);
    case 0x0d: // sdata, never negative here
    case 0x0f: // udata
      return new Cursor(bytes, at).uleb();
    case 0x21: // implicit_const
      return implicit;
    case 0x0a: // block1
    case 0x18: // exprloc
      return bytes.u8(at + 1) === OP_PLUS_UCONST ? new Cursor(bytes, at + 2).uleb() : null;
    default:
      return null;
  }
}
