/**
 * Puts fuel into function bodies, so that no call runs longer than its fuel lasts. Called by harden.ts.
 *
 * Code repeats only through the head of a loop or a call. So every instruction is paid for at the head of the innermost
 * loop that it is in, or where the function is entered if it is in none: between two payments there it runs at most
 * once. The locals, which a call clears, are paid for on entry.
 */
import { HardenError } from "./harden_error.ts";
import { BLOCK, costOf, END, IF, isNumberType, LOOP, skipInstruction } from "./opcodes.ts";
import { leb128, signedLeb128, type WasmReader } from "./wasm_reader.ts";

/** What engines allow; V8's kV8MaxWasmFunctionLocals. */
const MAX_LOCALS = 50_000;
/** In one function; those of a decoder have some ten at most. */
const MAX_LOOPS = 10_000;

/** `if void`, `unreachable`, `end`, behind a comparison with zero. */
const STOP_WHEN_NEGATIVE = [0x42, 0x00, 0x53, 0x04, 0x40, 0x00, 0x0b];
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const I64_CONST = 0x42;
const I64_SUB = 0x7d;

/** What a payment itself costs, so that the shortest loop is not nearly free. */
const PAYMENT_COST = 64;

/** Where a payment goes and how much it is. */
interface Payment {
  readonly at: number;
  cost: number;
}

/**
 * One function body with its payments, size in front. `global` is the index of the fuel, behind all others.
 *
 * @throws {HardenError} when the body holds what a decoder may not.
 */
export function withFuel(body: WasmReader, global: number): Uint8Array[] {
  const from = body.at;
  const locals = skipLocals(body);
  const parts: Uint8Array[] = [];
  let done = from;
  let size = 0;
  const push = (part: Uint8Array) => {
    parts.push(part);
    size += part.length;
  };
  for (const { at, cost } of paymentsOf(body, locals, global)) {
    push(body.bytes.subarray(done, at));
    push(payment(cost, global));
    done = at;
  }
  push(body.bytes.subarray(done, body.end));
  return [Uint8Array.from(leb128(size)), ...parts];
}

function skipLocals(body: WasmReader): number {
  let locals = 0;
  for (let groups = body.count(); groups > 0; groups--) {
    const at = body.at;
    locals += body.u32();
    if (locals > MAX_LOCALS) throw refuse(`function at byte ${at} has more than ${MAX_LOCALS} locals`);
    if (!isNumberType(body.u8())) throw refuse(`local at byte ${at} is no number`);
  }
  return locals;
}

/** Walks the instructions; yields the payments in order of their places, the one on entry first. */
function paymentsOf(body: WasmReader, locals: number, globals: number): Payment[] {
  const { at } = body;
  let current: Payment = { at, cost: PAYMENT_COST + locals };
  const payments = [current];
  /** For each open instruction, the payment that covers what is behind its end. */
  const open: Payment[] = [];
  for (;;) {
    const from = body.at;
    const opcode = skipInstruction(body, { globals });
    current.cost += costOf(opcode, body.at - from);
    if (opcode === BLOCK || opcode === IF) open.push(current);
    else if (opcode === LOOP) {
      open.push(current);
      current = { at: body.at, cost: PAYMENT_COST };
      payments.push(current);
      if (payments.length > MAX_LOOPS) {
        throw refuse(`function at byte ${at} has more than ${MAX_LOOPS} loops`);
      }
    } else if (opcode === END) {
      const outer = open.pop();
      if (!outer) break;
      current = outer;
    }
  }
  if (!body.done) throw refuse(`function goes on behind its end at byte ${body.at}`);
  return payments;
}

function payment(cost: number, global: number): Uint8Array {
  const index = leb128(global);
  return Uint8Array.from([
    GLOBAL_GET,
    ...index,
    I64_CONST,
    ...signedLeb128(cost),
    I64_SUB,
    GLOBAL_SET,
    ...index,
    GLOBAL_GET,
    ...index,
    ...STOP_WHEN_NEGATIVE,
  ]);
}

function refuse(what: string): HardenError {
  return new HardenError("decoder-instruction", what);
}
