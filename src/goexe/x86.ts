/**
 * Length and kind of x86-64 instructions, as far as Go's compiler and assembler emit them. Used by prologue.ts and
 * client_end.ts to walk a function; whatever is not certain is `null`, and then nothing is probed.
 * Source: Intel SDM volume 2, appendix A (opcode maps) and sections 2.1 to 2.7 (prefixes, ModRM, VEX, EVEX).
 */

/** What an instruction does to the flow of control, and `push`/`nop` that the kernel emulates. */
export type InstructionKind =
  | "push"
  | "call"
  | "call-indirect"
  | "jcc"
  | "jmp"
  | "jmp-indirect"
  | "ret"
  | "nop"
  | "trap"
  | "other";

/** One decoded instruction. */
export interface Instruction {
  /** Offset in the decoded code. */
  readonly at: number;
  readonly length: number;
  readonly kind: InstructionKind;
  /** Offset in the decoded code that a direct call or jump goes to, else -1. */
  readonly target: number;
}

const MAX_INSTRUCTION_BYTES = 15;

/** Bytes after the opcode: none, ModRM, immediates. */
const enum Operand {
  None = 0,
  ModRm = 1,
  Imm8 = 2,
  /** 4 bytes, or 2 with an operand size prefix. */
  ImmZ = 4,
  Imm16 = 8,
  Rel8 = 16,
  Rel32 = 32,
  Bad = 64,
}

const ONE_BYTE = oneByteMap();
const TWO_BYTE = twoByteMap();

function oneByteMap(): Uint8Array {
  const map = new Uint8Array(256);
  for (let op = 0; op < 0x40; op += 8) {
    map.fill(Operand.ModRm, op, op + 4);
    map[op + 4] = Operand.Imm8;
    map[op + 5] = Operand.ImmZ;
    map[op + 6] = Operand.Bad;
    map[op + 7] = Operand.Bad;
  }
  const set = (operand: number, ...ops: readonly number[]) => ops.forEach((op) => map[op] = operand);
  set(Operand.Bad, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea, 0xf1);
  set(Operand.ModRm, 0x63, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff);
  map.fill(Operand.ModRm, 0x84, 0x90);
  map.fill(Operand.ModRm, 0xd8, 0xe0);
  set(Operand.ImmZ, 0x68, 0xa9);
  set(Operand.ModRm | Operand.ImmZ, 0x69, 0x81, 0xc7);
  set(Operand.ModRm | Operand.Imm8, 0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6);
  set(Operand.Imm8, 0x6a, 0xa8, 0xcd, 0xe4, 0xe5, 0xe6, 0xe7);
  map.fill(Operand.Imm8, 0xb0, 0xb8);
  map.fill(Operand.ImmZ, 0xb8, 0xc0);
  set(Operand.Imm16, 0xc2, 0xca);
  map[0xc8] = Operand.Imm16 | Operand.Imm8;
  map.fill(Operand.Rel8, 0x70, 0x80);
  set(Operand.Rel8, 0xe0, 0xe1, 0xe2, 0xe3, 0xeb);
  set(Operand.Rel32, 0xe8, 0xe9);
  return map;
}

function twoByteMap(): Uint8Array {
  const map = new Uint8Array(256).fill(Operand.ModRm);
  const set = (operand: number, ...ops: readonly number[]) => ops.forEach((op) => map[op] = operand);
  set(Operand.None, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0e, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa);
  map.fill(Operand.None, 0x30, 0x38);
  map.fill(Operand.None, 0xc8, 0xd0);
  set(
    Operand.Bad,
    0x04,
    0x0a,
    0x0c,
    0x0f,
    0x36,
    0x78,
    0x38,
    0x39,
    0x3a,
    0x3b,
    0x3c,
    0x3d,
    0x3e,
    0x3f,
    0xa6,
    0xa7,
  );
  map.fill(Operand.Bad, 0x24, 0x28);
  map.fill(Operand.Rel32, 0x80, 0x90);
  set(Operand.ModRm | Operand.Imm8, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6);
  return map;
}

/** The instruction at `at`, or `null` when it is cut off, invalid or unknown. */
export function decode(code: Uint8Array, at: number): Instruction | null {
  let next = at;
  let operandSize = false;
  let addressSize = false;
  let repeat = false;
  for (;; next++) {
    const byte = code[next];
    if (byte === undefined || next - at > 4) {
      return null;
    }
    if (byte === 0x66) {
      operandSize = true;
    } else if (byte === 0x67) {
      addressSize = true;
    } else if (byte === 0xf2 || byte === 0xf3) {
      repeat = true;
    } else if (![0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0].includes(byte)) {
      break;
    }
  }
  const prefixed = next !== at;
  let rex = 0;
  if (((code[next] ?? 0) & 0xf0) === 0x40) {
    rex = code[next] ?? 0;
    next += 1;
  }
  const op = code[next];
  if (op === undefined) {
    return null;
  }
  next += 1;
  if (op === 0xc4 || op === 0xc5 || op === 0x62) {
    return prefixed && (operandSize || repeat) || rex !== 0 ? null : vector(code, at, next, op);
  }
  if (op === 0x0f) {
    return twoByte(code, at, next, { operandSize, prefixed });
  }
  const operand = ONE_BYTE[op] ?? Operand.Bad;
  if (operand === Operand.Bad) {
    return null;
  }
  if ((operand & (Operand.Rel8 | Operand.Rel32)) !== 0) {
    // The kernel emulates no branch with an operand size prefix, and Go emits none.
    return operandSize ? null : branch(code, at, next, { op, near: operand === Operand.Rel32, prefixed });
  }
  let end = next;
  const modRm = code[next] ?? 0;
  const group = (modRm >> 3) & 7;
  if ((operand & Operand.ModRm) !== 0) {
    end = afterModRm(code, next);
  }
  end += immediates(operand, operandSize && (rex & 8) === 0);
  if ((op & 0xf8) === 0xb8 && (rex & 8) !== 0) {
    end += 4; // mov r64, imm64
  } else if (op >= 0xa0 && op <= 0xa3) {
    end += addressSize ? 4 : 8; // mov to or from an absolute address
  } else if ((op === 0xf6 || op === 0xf7) && group < 2) {
    end += op === 0xf6 ? 1 : operandSize && (rex & 8) === 0 ? 2 : 4; // test with an immediate
  } else if ((op === 0x8f || op === 0xc6 || op === 0xc7) && group !== 0) {
    return null; // XOP, XABORT, XBEGIN
  }
  let kind: InstructionKind = "other";
  if (op >= 0x50 && op <= 0x57) {
    kind = prefixed ? "other" : "push";
  } else if (op === 0xc3 || op === 0xc2) {
    kind = "ret";
  } else if (op === 0x90 && (rex & 1) === 0 && !repeat) {
    kind = "nop";
  } else if (op === 0xcc || op === 0xf4) {
    kind = "trap";
  } else if (op === 0xff && (group === 2 || group === 3)) {
    kind = "call-indirect";
  } else if (op === 0xff && (group === 4 || group === 5)) {
    kind = "jmp-indirect";
  } else if (op === 0xff && group === 7 || op === 0xfe && group > 1) {
    return null;
  } else if (op === 0xca || op === 0xcb || op === 0xcf) {
    return null; // far and interrupt returns
  }
  return finish(code, at, end, kind, -1);
}

function twoByte(
  code: Uint8Array,
  at: number,
  start: number,
  prefixes: { operandSize: boolean; prefixed: boolean },
): Instruction | null {
  const op = code[start];
  if (op === undefined) {
    return null;
  }
  const next = start + 1;
  if (op === 0x38 || op === 0x3a) {
    return code[next] === undefined ? null : finish(
      code,
      at,
      afterModRm(code, next + 1) + (op === 0x3a ? 1 : 0),
      "other",
      -1,
    );
  }
  const operand = TWO_BYTE[op] ?? Operand.Bad;
  if (operand === Operand.Bad) {
    return null;
  }
  if (operand === Operand.Rel32) {
    return prefixes.operandSize
      ? null
      : branch(code, at, next, { op, near: true, prefixed: prefixes.prefixed });
  }
  let end = next;
  if ((operand & Operand.ModRm) !== 0) {
    end = afterModRm(code, next);
  }
  end += immediates(operand, false);
  const kind = op === 0x1f ? "nop" : op === 0x0b ? "trap" : "other";
  return finish(code, at, end, kind, -1);
}

/** VEX and EVEX: the prefix names the map, the map decides about ModRM and immediates. */
function vector(code: Uint8Array, at: number, next: number, escape: number): Instruction | null {
  const first = code[next] ?? 0;
  const map = escape === 0xc5 ? 1 : escape === 0xc4 ? first & 0x1f : first & 7;
  const opcodeAt = next + (escape === 0xc5 ? 1 : escape === 0xc4 ? 2 : 3);
  const op = code[opcodeAt];
  if (op === undefined || map < 1 || map > 3) {
    return null;
  }
  if (map === 1 && op === 0x77) {
    return finish(code, at, opcodeAt + 1, "other", -1); // vzeroupper
  }
  const immediate = map === 3 || map === 1 && ((TWO_BYTE[op] ?? 0) & Operand.Imm8) !== 0 ? 1 : 0;
  return finish(code, at, afterModRm(code, opcodeAt + 1) + immediate, "other", -1);
}

function branch(
  code: Uint8Array,
  at: number,
  next: number,
  { op, near, prefixed }: { op: number; near: boolean; prefixed: boolean },
): Instruction | null {
  const end = next + (near ? 4 : 1);
  if (end > code.length) {
    return null;
  }
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const target = end + (near ? view.getInt32(next, true) : view.getInt8(next));
  const kind = op === 0xe8 ? "call" : op === 0xe9 || op === 0xeb ? "jmp" : "jcc";
  // A prefix makes it another instruction to the kernel's emulation; loop and jrcxz are no plain conditions.
  const plain = !prefixed && !(op >= 0xe0 && op <= 0xe3);
  return plain ? finish(code, at, end, kind, target) : null;
}

function immediates(operand: number, short: boolean): number {
  return ((operand & Operand.Imm8) !== 0 ? 1 : 0) + ((operand & Operand.Imm16) !== 0 ? 2 : 0) +
    ((operand & Operand.ImmZ) !== 0 ? (short ? 2 : 4) : 0);
}

/** Offset after ModRM, SIB and displacement. A cut one ends behind the code and is refused by `finish`. */
function afterModRm(code: Uint8Array, at: number): number {
  const modRm = code[at];
  if (modRm === undefined) {
    return Infinity;
  }
  const mod = modRm >> 6;
  const rm = modRm & 7;
  if (mod === 3) {
    return at + 1;
  }
  const sib = rm === 4 ? 1 : 0;
  const base = sib === 1 ? (code[at + 1] ?? 0) & 7 : rm;
  const displacement = mod === 1 ? 1 : mod === 2 || base === 5 ? 4 : 0;
  return at + 1 + sib + displacement;
}

function finish(
  code: Uint8Array,
  at: number,
  end: number,
  kind: InstructionKind,
  target: number,
): Instruction | null {
  return end <= code.length && end - at <= MAX_INSTRUCTION_BYTES
    ? { at, length: end - at, kind, target }
    : null;
}
