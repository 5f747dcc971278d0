/**
 * The probe site at the beginning of a function: an instruction that the kernel emulates, that is executed once a
 * call even when the stack grows, and that still finds the arguments in their registers. Used by sites.ts.
 * Prologues: Go source, src/cmd/internal/obj/x86/obj6.go (preprocess, stacksplit).
 */
import { type Choice, choose, type FunctionCode, matches } from "./code.ts";
import { siteUnsafe } from "./refusal.ts";
import { decode, type Instruction } from "./x86.ts";

/** Instructions of the stack check, which change only R12. */
const STACK_CHECK: readonly (readonly number[])[] = [
  [0x49, 0x3b, 0x66, 0x10], // cmp 0x10(%r14),%rsp
  [0x4d, 0x3b, 0x66, 0x10], // cmp 0x10(%r14),%r12
  [0x4c, 0x8d, 0x64, 0x24], // lea disp8(%rsp),%r12
  [0x4c, 0x8d, 0xa4, 0x24], // lea disp32(%rsp),%r12
  [0x49, 0x89, 0xe4], // mov %rsp,%r12
  [0x49, 0x81, 0xec], // sub $imm32,%r12
];
const PUSH_RBP = 0x55;
const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa];
/** mov, cmp and lea of the longest stack check (a frame of more than 4 KiB), and its two jumps. */
const MAX_CHECK_INSTRUCTIONS = 6;

/**
 * Chooses the instruction.
 *
 * Since Go 1.21 a function with a frame begins with a stack check, then `push %rbp`: that is it. Before, the frame is
 * made by `sub`, so it is the conditional jump of the stack check. A function without a stack check is probed at its
 * first instruction, whatever it costs.
 *
 * @throws {Refusal} when the beginning is not one that the Go compiler is known to emit.
 */
export function chooseEntry(fn: FunctionCode): Choice {
  const { code } = fn;
  let jump: Instruction | null = null;
  let at = 0;
  for (let i = 0; i <= MAX_CHECK_INSTRUCTIONS; i++) {
    const instruction = decode(code, at);
    if (instruction === null) {
      break;
    }
    if (instruction.kind === "push" && code[at] === PUSH_RBP) {
      return choose(fn, instruction);
    }
    if (isStackJump(code, instruction)) {
      jump = instruction;
    } else if (!STACK_CHECK.some((pattern) => matches(code, at, pattern))) {
      return withoutPush(fn, instruction, jump);
    }
    at += instruction.length;
  }
  throw siteUnsafe(fn.name, "its beginning is not a known stack check");
}

/** `jb` or `jbe` forward to the call of morestack at the end of the function. */
function isStackJump(code: Uint8Array, { at, kind, target }: Instruction): boolean {
  const condition = (code[at] === 0x0f ? code[at + 1] : code[at]) ?? 0;
  return kind === "jcc" && [2, 6].includes(condition & 0x0f) && target > at && target < code.length;
}

function withoutPush(fn: FunctionCode, instruction: Instruction, jump: Instruction | null): Choice {
  if (jump !== null) {
    return choose(fn, jump);
  }
  const { at, kind } = instruction;
  if (at !== 0 || kind === "trap" || matches(fn.code, 0, ENDBR64)) {
    throw siteUnsafe(fn.name, "its beginning is not a known stack check");
  }
  return choose(fn, instruction);
}
