/**
 * Where a client call ends inside net/http.(*Transport).roundTrip: the conditional jump that looks at the error of
 * persistConn.roundTrip, with the response still in AX and the error in BX, and the returns that the jump's success
 * side does not lead to. Used by sites.ts.
 */
import { type Choice, choose, decodeAll, type FunctionCode, matches } from "./code.ts";
import { Flow } from "./flow.ts";
import { Refusal } from "./refusal.ts";
import type { Instruction } from "./x86.ts";

/** test %rbx,%rbx */
const TEST_RBX = [0x48, 0x85, 0xdb];
const CONDITION_ZERO = 4;
const CONDITION_NOT_ZERO = 5;
/** Instructions between a call and the jump on its error: nops, stores and the test. */
const MAX_STEPS = 16;

/** The ends of a client call. */
export interface ClientEnds {
  /** Jumps where the error of one attempt is known; none when they cannot be proven. */
  readonly jumps: readonly Choice[];
  /** Returns that end the call whatever the registers say. */
  readonly returns: readonly Choice[];
}

/**
 * Chooses the ends.
 *
 * @param callee address of net/http.(*persistConn).roundTrip.
 * @throws {Refusal} when the function cannot be decoded or has no return.
 */
export function chooseClientEnds(fn: FunctionCode, callee: number): ClientEnds {
  const instructions = decodeAll(fn);
  const returns = instructions.filter(({ kind }) => kind === "ret");
  const jumps = findErrorJumps(fn, instructions, callee);
  if (jumps !== null) {
    const others = returnsWithoutSuccess(fn, instructions, jumps, returns);
    if (others !== null) {
      return {
        jumps: jumps.map(({ jump }) => choose(fn, jump)),
        returns: others.map((instruction) => choose(fn, instruction)),
      };
    }
  }
  return { jumps: [], returns: returns.map((instruction) => choose(fn, instruction)) };
}

interface ErrorJump {
  readonly jump: Instruction;
  /** Where the function goes on when the error is nil. */
  readonly success: number;
}

/** The jump after each call of `callee`, or `null` when one has none that is certain. */
function findErrorJumps(
  fn: FunctionCode,
  instructions: readonly Instruction[],
  callee: number,
): ErrorJump[] | null {
  const byOffset = new Map(instructions.map((instruction) => [instruction.at, instruction]));
  const found = new Map<number, ErrorJump>();
  for (const { kind, target, at, length } of instructions) {
    if (kind === "call" && fn.address + target === callee) {
      const jump = followToJump(fn.code, byOffset, at + length);
      if (jump === null) {
        return null;
      }
      found.set(jump.jump.at, jump);
    }
  }
  return found.size === 0 ? null : [...found.values()];
}

function followToJump(
  code: Uint8Array,
  byOffset: ReadonlyMap<number, Instruction>,
  start: number,
): ErrorJump | null {
  let tested = false;
  let at = start;
  for (let i = 0; i < MAX_STEPS; i++) {
    const instruction = byOffset.get(at);
    if (instruction === undefined) {
      return null;
    }
    const next = at + instruction.length;
    if (instruction.kind === "jmp") {
      at = instruction.target;
      continue;
    }
    if (instruction.kind === "jcc") {
      const condition = (code[at] === 0x0f ? code[at + 1] ?? 0 : code[at] ?? 0) & 0x0f;
      const success = condition === CONDITION_ZERO
        ? instruction.target
        : condition === CONDITION_NOT_ZERO
        ? next
        : -1;
      return tested && success >= 0 ? { jump: instruction, success } : null;
    }
    if (matches(code, at, TEST_RBX)) {
      tested = true;
    } else if (instruction.kind !== "nop" && !isStore(code, at)) {
      return null;
    }
    at = next;
  }
  return null;
}

/** `mov %r64, memory`: changes neither registers nor flags. */
function isStore(code: Uint8Array, at: number): boolean {
  return ((code[at] ?? 0) & 0xf8) === 0x48 && code[at + 1] === 0x89 && (code[at + 2] ?? 0xff) < 0xc0;
}

/** The returns that are not on the success side; `null` when one is on both sides. */
function returnsWithoutSuccess(
  fn: FunctionCode,
  instructions: readonly Instruction[],
  jumps: readonly ErrorJump[],
  returns: readonly Instruction[],
): Instruction[] | null {
  try {
    const flow = new Flow(fn, instructions);
    const success = new Set(jumps.flatMap((jump) => [...flow.reach(jump.success)]));
    const otherwise = flow.reach(0, {
      from: new Set(jumps.map(({ jump }) => jump.at)),
      to: new Set(jumps.map((jump) => jump.success)),
    });
    const shared = returns.some(({ at }) => success.has(at) && otherwise.has(at));
    return shared ? null : returns.filter(({ at }) => !success.has(at));
  } catch (error) {
    if (error instanceof Refusal) {
      return null;
    }
    throw error;
  }
}
