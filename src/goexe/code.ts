/** The machine code of one function, and what probing one of its instructions costs. Used by the site choosers. */
import { siteUnsafe } from "./refusal.ts";
import type { PriceClass } from "./types.ts";
import { decode, type Instruction } from "./x86.ts";

/** One function of the executable. */
export interface FunctionCode {
  readonly name: string;
  /** Virtual address of the first byte, as linked. */
  readonly address: number;
  readonly fileOffset: number;
  readonly code: Uint8Array;
}

/** A chosen instruction of a function. */
export interface Choice {
  /** Offset in the function. */
  readonly at: number;
  readonly instruction: string;
  readonly price: PriceClass;
}

/**
 * All instructions in order.
 *
 * @throws {Refusal} when one is unknown: then no boundary behind it is certain.
 */
export function decodeAll(fn: FunctionCode): Instruction[] {
  const instructions: Instruction[] = [];
  for (let at = 0; at < fn.code.length;) {
    const instruction = decode(fn.code, at);
    if (instruction === null) {
      throw siteUnsafe(fn.name, `the instruction at +0x${at.toString(16)} is unknown`);
    }
    instructions.push(instruction);
    at += instruction.length;
  }
  return instructions;
}

/** The instruction as a choice. */
export function choose(fn: FunctionCode, instruction: Instruction): Choice {
  return { at: instruction.at, instruction: instruction.kind, price: price(fn.code, instruction) };
}

/** Whether the bytes at `at` are these; -1 stands for any byte. */
export function matches(code: Uint8Array, at: number, pattern: readonly number[]): boolean {
  return at + pattern.length <= code.length && pattern.every((byte, i) => byte < 0 || code[at + i] === byte);
}

/**
 * What a probe on the instruction costs.
 *
 * Source: Linux, arch/x86/kernel/uprobes.c (branch_setup_xol_ops, push_setup_xol_ops, and since 6.18 the patching of
 * the 5-byte nop); measured: emulated 0.6 to 0.9 us, single-stepped 9 to 15 us.
 */
export function price(code: Uint8Array, { at, length, kind }: Instruction): PriceClass {
  switch (kind) {
    case "push":
    case "jcc":
    case "jmp":
    case "call":
      return "emulated";
    case "nop":
      return matches(code, at, [0x0f, 0x1f, 0x44, 0, 0])
        ? "optimised"
        : length === 1
        ? "emulated"
        : "stepped";
    default:
      return "stepped";
  }
}
