/**
 * Types and constants from DWARF debug information (versions 2 to 5), as the compiler recorded them: offsets of struct
 * fields, values of named constants. Used by the maker and by tests. Streams one compile unit at a time; how much is
 * read and held is bounded, since executables are hostile input.
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
import { unitHeader, units } from "./dwarf_units.ts";
import { corrupt } from "./refusal.ts";
import { findDebugSection, readWholeSection, streamSection } from "./section_stream.ts";
import { ExeReader } from "./source.ts";
import type { ByteSource } from "./types.ts";

const MAX_ABBREV_BYTES = 16 * 1024 * 1024;
/** Attributes in all tables that units name; Go has one table of some 200 for all of them, a C compiler one a unit. */
const MAX_TABLE_ATTRIBUTES = 2_000_000;
/** Entries and attributes that are passed over in all, since both may be of no bytes; a program of 9 MB has 700,000. */
const MAX_STEPS = 150_000_000;
/** What a table, and a unit, cost beside what is in them, in attributes and in steps. */
const TABLE_COST = 16;
const UNIT_COST = 200;
const TAG_MEMBER = 0x0d;
const TAG_STRUCTURE_TYPE = 0x13;
const TAG_CONSTANT = 0x27;
const AT_NAME = 0x03;
const AT_BYTE_SIZE = 0x0b;
const AT_CONST_VALUE = 0x1c;
const AT_DATA_MEMBER_LOCATION = 0x38;
const FORM_STRING = 0x08;
const OP_PLUS_UCONST = 0x23;

/** One struct as the compiler laid it out. */
export interface StructLayout {
  readonly byteSize: number;
  /** Offsets of those wanted fields that the struct has. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** What was found of what was wanted. */
export interface DebugTypes {
  /** By name as in DWARF: "net/http.Request". */
  readonly structs: ReadonlyMap<string, StructLayout>;
  /** By name as in DWARF: "runtime._Gdead". */
  readonly constants: ReadonlyMap<string, number>;
}

/** What to look for. */
export interface DebugTypesOptions {
  /** Struct name as in DWARF -> names of its fields. */
  readonly structs: Readonly<Record<string, readonly string[]>>;
  readonly constants?: readonly string[];
  /** Ends the search early; asked after each compile unit. Without it everything wanted is looked for. */
  readonly enough?: (found: DebugTypes) => boolean;
  readonly signal?: AbortSignal;
}

/**
 * Reads types and constants.
 *
 * @returns what the program has of them; `null` when it has no debug information.
 * @throws {Refusal} when the debug information contradicts its format or is too large.
 */
export async function readDebugTypes(
  source: ByteSource,
  options: DebugTypesOptions,
): Promise<DebugTypes | null> {
  const reader = new ExeReader(source, options.signal ? { signal: options.signal } : {});
  const elf = await readElf(reader);
  const info = elf && findDebugSection(elf, "info");
  const abbrev = elf && findDebugSection(elf, "abbrev");
  if (info == null || abbrev == null) {
    return null;
  }
  const abbrevs = new Bytes(await readWholeSection(reader, abbrev, MAX_ABBREV_BYTES), abbrev.name);
  const tables = new Map<number, Map<number, Abbreviation>>();
  let tableAttributes = 0;
  const search = new Search(options);
  for await (const unit of units(streamSection(reader, info), info.name)) {
    options.signal?.throwIfAborted();
    const { table: at, format, entries } = unitHeader(unit);
    let table = tables.get(at);
    if (table === undefined) {
      table = readAbbreviations(abbrevs, at);
      tables.set(at, table);
      tableAttributes += TABLE_COST;
      for (const { attributes } of table.values()) {
        tableAttributes += 1 + attributes.length / 3;
      }
      if (tableAttributes > MAX_TABLE_ATTRIBUTES) {
        throw corrupt(`${abbrev.name} has more than ${MAX_TABLE_ATTRIBUTES} attributes`);
      }
    }
    search.walk(new Cursor(unit.bytes, entries), table, format);
    if (options.enough?.(search) ?? search.complete) {
      break;
    }
  }
  return search;
}

/**
 * Reads struct layouts only.
 *
 * @param wanted struct name as in DWARF ("net/http.Request") -> names of its fields.
 * @returns struct name -> layout, for those structs that the program has.
 * @throws {Refusal} as `readDebugTypes`, and when there is no debug information.
 */
export async function readStructs(
  source: ByteSource,
  wanted: Readonly<Record<string, readonly string[]>>,
  options: { signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, StructLayout>> {
  const found = await readDebugTypes(source, { ...options, structs: wanted });
  if (found === null) {
    throw corrupt("it has no debug information");
  }
  return found.structs;
}

interface OpenStruct {
  readonly name: string;
  readonly byteSize: number;
  readonly depth: number;
  readonly offsets: Map<string, number>;
}

/** Collects what is wanted from the entries of one unit after another. */
class Search implements DebugTypes {
  readonly structs = new Map<string, StructLayout>();
  readonly constants = new Map<string, number>();
  readonly #fields: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #constants: ReadonlySet<string>;
  #steps = 0;

  constructor({ structs, constants = [] }: DebugTypesOptions) {
    this.#fields = new Map(Object.entries(structs).map(([name, fields]) => [name, new Set(fields)]));
    this.#constants = new Set(constants);
  }

  get complete(): boolean {
    return this.structs.size === this.#fields.size && this.constants.size === this.#constants.size;
  }

  walk(cursor: Cursor, abbreviations: ReadonlyMap<number, Abbreviation>, format: UnitFormat): void {
    const seeksConstants = this.constants.size < this.#constants.size;
    let depth = 0;
    let open: OpenStruct | null = null;
    this.#step(UNIT_COST, cursor);
    while (cursor.at < cursor.bytes.length) {
      this.#step(1, cursor);
      const code = cursor.uleb();
      if (code === 0) {
        depth -= 1;
        if (open !== null && depth <= open.depth) {
          this.structs.set(open.name, { byteSize: open.byteSize, offsets: open.offsets });
          open = null;
        }
        continue;
      }
      const abbreviation = abbreviations.get(code);
      if (abbreviation === undefined) {
        throw corrupt(`${cursor.bytes.name} has an entry of unknown kind ${code}`);
      }
      const { tag, children, attributes } = abbreviation;
      this.#step(attributes.length / 3, cursor);
      if (open !== null && tag === TAG_MEMBER && depth === open.depth + 1) {
        const { name, value } = readEntry(cursor, abbreviation, format, AT_DATA_MEMBER_LOCATION);
        if (value !== null && this.#fields.get(open.name)?.has(name)) {
          open.offsets.set(name, value);
        }
      } else if (open === null && tag === TAG_STRUCTURE_TYPE) {
        const { name, value: byteSize } = readEntry(cursor, abbreviation, format, AT_BYTE_SIZE);
        if (byteSize !== null && this.#fields.has(name) && !this.structs.has(name)) {
          if (children) {
            open = { name, byteSize, depth, offsets: new Map() };
          } else {
            this.structs.set(name, { byteSize, offsets: new Map() });
          }
        }
      } else if (tag === TAG_CONSTANT && seeksConstants) {
        const { name, value } = readEntry(cursor, abbreviation, format, AT_CONST_VALUE);
        if (value !== null && this.#constants.has(name) && !this.constants.has(name)) {
          this.constants.set(name, value);
        }
      } else {
        for (let i = 1; i < attributes.length; i += 3) {
          skipForm(cursor, attributes[i] ?? 0, format);
        }
      }
      if (children) {
        depth += 1;
      }
    }
  }

  #step(steps: number, { bytes }: Cursor): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw corrupt(`${bytes.name} has more than ${MAX_STEPS} entries and attributes`);
    }
  }
}

interface Entry {
  readonly name: string;
  /** Of the attribute asked for. */
  readonly value: number | null;
}

function readEntry(
  cursor: Cursor,
  { attributes }: Abbreviation,
  format: UnitFormat,
  wanted: number,
): Entry {
  let name = "";
  let value: number | null = null;
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
    if (attribute === wanted) {
      value = readNumber(cursor.bytes, start, form, attributes[i + 2] ?? 0);
    }
  }
  return { name, value };
}

/** A constant attribute, or the location expression "plus this constant"; `null` for any other and for negatives. */
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
    case 0x0d: // sdata
      return readSigned(bytes, at);
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

/** A signed LEB128 number; `null` for a negative one: bit 6 of the last byte is its sign. */
function readSigned(bytes: Bytes, at: number): number | null {
  const cursor = new Cursor(bytes, at);
  const value = cursor.uleb();
  return (bytes.u8(cursor.at - 1) & 0x40) === 0 ? value : null;
}
