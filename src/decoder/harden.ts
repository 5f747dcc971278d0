/**
 * Makes any module safe to run on the thread that reads spans: what fuel cannot bound is refused, everything else
 * pays with fuel that the host hands out. Called by the gate for every decoder, bundled ones too.
 *
 * Needed because a Worker that loops cannot be ended from outside.
 */
import { MEMORY_PAGES } from "../../decoder-as/assembly/memory_map.ts";
import { joinBytes } from "../support/bytes.ts";
import { HardenError } from "./harden_error.ts";
import { withFuel } from "./fuel.ts";
import { isNumberType, skipConstant } from "./opcodes.ts";
import { leb128, WasmReader } from "./wasm_reader.ts";

export { type HardenCode, HardenError } from "./harden_error.ts";

/** Export of the i64 global that is paid from. The host sets it before each call. */
export const FUEL_EXPORT = "tsunagi.fuel";

const MAX_TABLE_ELEMENTS = 1024;
/** Three for each function and two for each loop; a decoder has some hundreds. */
const MAX_CODE_PARTS = 100_000;

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/* Sections in the order in which they must stand. */
const CUSTOM = 0;
const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
const TABLE = 4;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const START = 8;
const ELEMENT = 9;
const CODE = 10;
const DATA = 11;
const DATA_COUNT = 12;
const ORDER = [TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, DATA_COUNT, CODE, DATA];

const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;
const FUNCTION_TYPE = 0x60;
const FUNCTION_REFERENCE = 0x70;
const LIMITS_WITH_MAXIMUM = 1;

/** Content of every section but custom ones, by id. */
type Sections = ReadonlyMap<number, WasmReader>;

/**
 * The module with fuel and without custom sections.
 *
 * @throws {HardenError} when it has what a decoder may not have, or is no module.
 */
export function harden(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  checkTypes(sections.get(TYPE));
  checkImports(sections.get(IMPORT));
  checkTable(sections.get(TABLE));
  checkMemory(sections.get(MEMORY));
  if (sections.has(START)) throw instruction("it has a start function, which a decoder may not");
  const globals = countGlobals(sections.get(GLOBAL));
  checkExports(sections.get(EXPORT), globals);
  checkElements(sections.get(ELEMENT));
  checkData(sections.get(DATA));

  const rewritten = new Map<number, Uint8Array[]>([
    [GLOBAL, appended(sections.get(GLOBAL), FUEL_GLOBAL)],
    [EXPORT, appended(sections.get(EXPORT), fuelExport(globals))],
    [CODE, fuelled(sections.get(CODE), globals)],
  ]);
  const parts: Uint8Array[] = [Uint8Array.from(PREAMBLE)];
  for (const id of ORDER) {
    const section = sections.get(id);
    const content = rewritten.get(id) ??
      (section ? [section.bytes.subarray(section.at, section.end)] : null);
    if (!content) continue;
    const bytes = content.reduce((sum, part) => sum + part.length, 0);
    parts.push(Uint8Array.of(id, ...leb128(bytes)));
    for (const part of content) parts.push(part);
  }
  const result = joinBytes(parts);
  if (!WebAssembly.validate(result)) throw instruction(`it is not valid: ${complaint(result)}`);
  return result;
}

function readSections(module: Uint8Array): Sections {
  const reader = new WasmReader(module);
  for (const byte of PREAMBLE) {
    if (reader.u8() !== byte) throw new HardenError("decoder-truncated", "it is no WebAssembly module");
  }
  const sections = new Map<number, WasmReader>();
  let last = -1;
  while (!reader.done) {
    const at = reader.at;
    const id = reader.u8();
    const content = reader.part(reader.u32());
    if (id === CUSTOM) continue;
    const place = ORDER.indexOf(id);
    if (place < 0) throw instruction(`it has section ${id} at byte ${at}, which a decoder may not`);
    if (place <= last) throw instruction(`section ${id} at byte ${at} is out of order`);
    last = place;
    sections.set(id, content);
  }
  return sections;
}

/** Calls `each` with a reader for every item of a section, and sees to it that they fill it. */
function eachOf(section: WasmReader | undefined, each: (reader: WasmReader) => void): number {
  if (!section) return 0;
  const reader = new WasmReader(section.bytes, section.at, section.end);
  const count = reader.count();
  for (let left = count; left > 0; left--) each(reader);
  if (!reader.done) {
    throw new HardenError("decoder-truncated", `section goes on behind its items at byte ${reader.at}`);
  }
  return count;
}

function checkTypes(section: WasmReader | undefined): void {
  eachOf(section, (reader) => {
    const at = reader.at;
    if (reader.u8() !== FUNCTION_TYPE) throw instruction(`type at byte ${at} is no function`);
    for (const _ of ["parameters", "results"]) {
      for (let left = reader.count(); left > 0; left--) {
        if (!isNumberType(reader.u8())) throw instruction(`type at byte ${at} has references`);
      }
    }
  });
}

function checkImports(section: WasmReader | undefined): void {
  const count = eachOf(section, (reader) => {
    const name = `${reader.text()}.${reader.text()}`;
    if (reader.u8() !== KIND_MEMORY || name !== "env.memory") {
      throw new HardenError("decoder-imports", `it imports ${name}, must import the memory env.memory only`);
    }
    const { minimum, maximum } = limits(reader, "memory");
    if (minimum > MEMORY_PAGES) {
      throw memory(`it wants a memory of ${minimum} pages, there are ${MEMORY_PAGES}`);
    }
    if (maximum !== null && maximum < MEMORY_PAGES) {
      throw memory(`it wants a memory of at most ${maximum} pages, there are ${MEMORY_PAGES}`);
    }
  });
  if (count !== 1) throw new HardenError("decoder-imports", "it must import the memory env.memory once");
}

function checkTable(section: WasmReader | undefined): void {
  const count = eachOf(section, (reader) => {
    const at = reader.at;
    if (reader.u8() !== FUNCTION_REFERENCE) throw instruction(`table at byte ${at} is none of functions`);
    const { minimum, maximum } = limits(reader, "table");
    if (Math.max(minimum, maximum ?? 0) > MAX_TABLE_ELEMENTS) {
      throw memory(`its table has room for more than ${MAX_TABLE_ELEMENTS} functions`);
    }
  });
  if (count > 1) throw memory(`it has ${count} tables, may have 1`);
}

function checkMemory(section: WasmReader | undefined): void {
  if (eachOf(section, (reader) => limits(reader, "memory")) > 0) {
    throw memory("it has a memory of its own, must import env.memory");
  }
}

/** Limits without shared, 64-bit or page-size flags. */
function limits(reader: WasmReader, what: string): { minimum: number; maximum: number | null } {
  const flags = reader.u8();
  if (flags > LIMITS_WITH_MAXIMUM) throw memory(`its ${what} has flags ${flags}, must be a plain one`);
  const minimum = reader.u32();
  return { minimum, maximum: flags === LIMITS_WITH_MAXIMUM ? reader.u32() : null };
}

function countGlobals(section: WasmReader | undefined): number {
  return eachOf(section, (reader) => {
    const at = reader.at;
    if (!isNumberType(reader.u8())) throw instruction(`global at byte ${at} is no number`);
    if (reader.u8() > 1) throw instruction(`global at byte ${at} is neither constant nor variable`);
    skipConstant(reader);
  });
}

function checkExports(section: WasmReader | undefined, globals: number): void {
  eachOf(section, (reader) => {
    const name = reader.text();
    if (name === FUEL_EXPORT) throw instruction(`it exports ${FUEL_EXPORT}, which is the host's`);
    const kind = reader.u8();
    if (reader.u32() >= globals && kind === KIND_GLOBAL) {
      throw instruction(`it exports ${name}, a global that it does not have`);
    }
  });
}

function checkElements(section: WasmReader | undefined): void {
  eachOf(section, (reader) => {
    const at = reader.at;
    if (reader.u32() !== 0) throw instruction(`elements at byte ${at} are not put into the table at once`);
    skipConstant(reader);
    for (let left = reader.count(); left > 0; left--) reader.u32();
  });
}

function checkData(section: WasmReader | undefined): void {
  eachOf(section, (reader) => {
    const at = reader.at;
    if (reader.u32() !== 0) throw instruction(`data at byte ${at} is not put into the memory at once`);
    skipConstant(reader);
    reader.skip(reader.u32());
  });
}

/** A variable i64 that begins with 0. */
const FUEL_GLOBAL = [0x7e, 0x01, 0x42, 0x00, 0x0b];

function fuelExport(global: number): number[] {
  const name = new TextEncoder().encode(FUEL_EXPORT);
  return [...leb128(name.length), ...name, KIND_GLOBAL, ...leb128(global)];
}

/** The items of a section that may be missing, and one more. */
function appended(section: WasmReader | undefined, item: readonly number[]): Uint8Array[] {
  if (!section) return [Uint8Array.of(1, ...item)];
  const reader = new WasmReader(section.bytes, section.at, section.end);
  const count = reader.u32();
  return [
    Uint8Array.from(leb128(count + 1)),
    reader.bytes.subarray(reader.at, reader.end),
    Uint8Array.from(item),
  ];
}

function fuelled(section: WasmReader | undefined, global: number): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const count = eachOf(section, (reader) => {
    for (const part of withFuel(reader.part(reader.u32()), global)) bodies.push(part);
    if (bodies.length > MAX_CODE_PARTS) throw instruction("it has too many functions and loops");
  });
  return [Uint8Array.from(leb128(count)), ...bodies];
}

/** What the engine has against a module. */
function complaint(module: Uint8Array<ArrayBuffer>): string {
  try {
    new WebAssembly.Module(module);
    return "the engine does not say why";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function instruction(message: string): HardenError {
  return new HardenError("decoder-instruction", message);
}

function memory(message: string): HardenError {
  return new HardenError("decoder-memory", message);
}
