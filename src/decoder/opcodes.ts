/**
 * Passes over WebAssembly instructions and refuses the ones that fuel cannot bound or a decoder does not need.
 * Called by fuel.ts. Opcodes: WebAssembly core specification, section 5.4; proposals by their repositories at
 * https://github.com/WebAssembly. What is let through is MVP, sign extension, saturating truncation and SIMD.
 */
import { HardenError } from "./harden_error.ts";
import type { WasmReader } from "./wasm_reader.ts";

/* Opcodes of control flow, for those who follow it. */
export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const END = 0x0b;

const V128 = 0x7b;
const I32 = 0x7f;
const EMPTY_BLOCK = 0x40;
const NUMERIC_PREFIX = 0xfc;
const SIMD_PREFIX = 0xfd;

/** Opcodes that are refused, by what they belong to. */
const REFUSED: readonly [from: number, to: number, name: string][] = [
  [0x06, 0x0a, "exceptions"],
  [0x12, 0x13, "tail calls"],
  [0x14, 0x17, "typed function references"],
  [0x18, 0x19, "exceptions"],
  [0x1c, 0x1c, "select of references"],
  [0x1f, 0x1f, "exceptions"],
  [0x25, 0x25, "table.get"],
  [0x26, 0x26, "table.set"],
  [0x40, 0x40, "memory.grow"],
  [0xd0, 0xd6, "references"],
  [0xfb, 0xfb, "garbage collection"],
  [0xfe, 0xfe, "threads"],
];

/** Opcodes behind 0xfc; 0 to 7 are saturating truncations. */
const BULK_NAMES = [
  "memory.init",
  "data.drop",
  "memory.copy",
  "memory.fill",
  "table.init",
  "elem.drop",
  "table.copy",
  "table.grow",
  "table.size",
  "table.fill",
];
const FIRST_BULK = 8;

export interface InstructionLimits {
  /** Globals of the module itself; the one of the fuel lies behind them and is out of its reach. */
  readonly globals: number;
}

/** Whether a value type is a number or a vector, not a reference. */
export function isNumberType(type: number): boolean {
  return type >= V128 && type <= I32;
}

/**
 * Passes over one instruction and yields its opcode.
 *
 * @throws {HardenError} when it is not allowed.
 */
export function skipInstruction(reader: WasmReader, limits: InstructionLimits): number {
  const at = reader.at;
  const opcode = reader.u8();
  switch (opcode) {
    case BLOCK:
    case LOOP:
    case IF:
      skipBlockType(reader);
      return opcode;
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case END:
    case 0x0f: // return
    case 0x1a: // drop
    case 0x1b: // select
      return opcode;
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x10: // call
    case 0x20: // local.get
    case 0x21: // local.set
    case 0x22: // local.tee
      reader.u32();
      return opcode;
    case 0x0e: // br_table
      for (let left = reader.count() + 1; left > 0; left--) reader.u32();
      return opcode;
    case 0x11: // call_indirect
      reader.u32();
      needZero(reader, at, "a table");
      return opcode;
    case 0x23: // global.get
    case 0x24: // global.set
      if (reader.u32() >= limits.globals) throw refuse(at, "a global that the module does not have");
      return opcode;
    case 0x3f: // memory.size
      needZero(reader, at, "a memory");
      return opcode;
    case 0x41: // i32.const
    case 0x42: // i64.const
      reader.skipSigned();
      return opcode;
    case 0x43: // f32.const
      reader.skip(4);
      return opcode;
    case 0x44: // f64.const
      reader.skip(8);
      return opcode;
    case NUMERIC_PREFIX:
      skipNumeric(reader, at);
      return opcode;
    case SIMD_PREFIX:
      skipSimd(reader, at);
      return opcode;
  }
  if (opcode >= 0x28 && opcode <= 0x3e) { // loads and stores
    skipMemoryArgument(reader, at);
    return opcode;
  }
  if (opcode >= 0x45 && opcode <= 0xc4) return opcode; // arithmetic, conversions, sign extension
  const known = REFUSED.find(([from, to]) => opcode >= from && opcode <= to);
  throw refuse(at, known ? known[2] : `opcode 0x${opcode.toString(16)}`);
}

/** Instructions that take longer than their bytes say, and by how many bytes. */
const EXTRA_COSTS: readonly [from: number, to: number, cost: number][] = [
  [0x10, 0x11, 8], // calls
  [0x28, 0x3e, 4], // loads and stores
  [0x6d, 0x70, 32], // i32 division and remainder
  [0x7f, 0x82, 32], // i64 division and remainder
  [0x8d, 0x91, 16], // f32 rounding and root
  [0x95, 0x95, 16], // f32.div
  [0x9b, 0x9f, 16], // f64 rounding and root
  [0xa3, 0xa3, 16], // f64.div
  [0xa8, 0xbf, 8], // conversions
  [NUMERIC_PREFIX, NUMERIC_PREFIX, 8],
  [SIMD_PREFIX, SIMD_PREFIX, 4],
];
const EXTRA_COST = new Uint8Array(256);
for (const [from, to, cost] of EXTRA_COSTS) EXTRA_COST.fill(cost, from, to + 1);

/** What running an instruction of that many bytes costs, in bytes of plain code. */
export function costOf(opcode: number, bytes: number): number {
  return bytes + EXTRA_COST[opcode]!;
}

/** An expression of one constant, as offsets and globals begin with. */
export function skipConstant(reader: WasmReader): void {
  const at = reader.at;
  const opcode = reader.u8();
  if (opcode === SIMD_PREFIX) {
    if (reader.u32() !== 12) throw refuse(at, "an initial value that is no constant");
    reader.skip(16);
  } else if (opcode === 0x41 || opcode === 0x42) reader.skipSigned();
  else if (opcode === 0x43) reader.skip(4);
  else if (opcode === 0x44) reader.skip(8);
  else throw refuse(at, "an initial value that is no constant");
  if (reader.u8() !== 0x0b) throw refuse(at, "an initial value of several instructions");
}

function skipBlockType(reader: WasmReader): void {
  const at = reader.at;
  const type = reader.u8();
  if (type === EMPTY_BLOCK || isNumberType(type)) return;
  if (type >= 0x40 && type < 0x80) throw refuse(at, `block type 0x${type.toString(16)}`);
  reader.at = at;
  reader.u32();
}

function skipMemoryArgument(reader: WasmReader, at: number): void {
  // Bit 6 of the alignment announces the index of a memory.
  if (reader.u32() >= 0x40) throw refuse(at, "more than one memory");
  reader.u32();
}

function skipNumeric(reader: WasmReader, at: number): void {
  const opcode = reader.u32();
  if (opcode >= FIRST_BULK) {
    throw refuse(at, BULK_NAMES[opcode - FIRST_BULK] ?? `opcode 0xfc ${opcode}`);
  }
}

function skipSimd(reader: WasmReader, at: number): void {
  const opcode = reader.u32();
  if (opcode <= 11 || opcode === 92 || opcode === 93) skipMemoryArgument(reader, at); // loads, stores
  else if (opcode === 12 || opcode === 13) reader.skip(16); // v128.const, i8x16.shuffle
  else if (opcode >= 21 && opcode <= 34) reader.skip(1); // lanes
  else if (opcode >= 84 && opcode <= 91) { // loads and stores of lanes
    skipMemoryArgument(reader, at);
    reader.skip(1);
  } else if (opcode > 0xff) throw refuse(at, "relaxed SIMD");
}

function needZero(reader: WasmReader, at: number, what: string): void {
  if (reader.u32() !== 0) throw refuse(at, `${what} other than the first`);
}

function refuse(at: number, what: string): HardenError {
  return new HardenError("decoder-instruction", `it uses ${what} at byte ${at}, which a decoder may not`);
}
