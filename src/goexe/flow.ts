/** Which instructions of a function can follow which. Used by client_end.ts to tell its returns apart. */
import type { FunctionCode } from "./code.ts";
import { siteUnsafe } from "./refusal.ts";
import type { Instruction } from "./x86.ts";

/** The control flow of one function; calls are taken to come back. */
export class Flow {
  readonly #fn: FunctionCode;
  readonly #byOffset: ReadonlyMap<number, Instruction>;

  constructor(fn: FunctionCode, instructions: readonly Instruction[]) {
    this.#fn = fn;
    this.#byOffset = new Map(instructions.map((instruction) => [instruction.at, instruction]));
  }

  /**
   * Offsets of the instructions that can be reached from `start`.
   *
   * @param without an edge that is not taken: from the conditional jump `from` to `to`.
   * @throws {Refusal} when a jump goes where no instruction begins, or to a place only known at run time.
   */
  reach(start: number, without?: { from: ReadonlySet<number>; to: ReadonlySet<number> }): Set<number> {
    const reached = new Set<number>();
    const open = [start];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (reached.has(at)) {
        continue;
      }
      const instruction = this.#byOffset.get(at);
      if (instruction === undefined) {
        throw siteUnsafe(this.#fn.name, `a jump goes to +0x${at.toString(16)}, where no instruction begins`);
      }
      reached.add(at);
      for (const next of this.#successors(instruction)) {
        if (!(without?.from.has(at) && without.to.has(next))) {
          open.push(next);
        }
      }
    }
    return reached;
  }

  #successors({ at, length, kind, target }: Instruction): number[] {
    switch (kind) {
      case "jmp":
        return [target];
      case "jcc":
        return [target, at + length];
      case "ret":
      case "trap":
        return [];
      case "jmp-indirect":
        throw siteUnsafe(
          this.#fn.name,
          `the jump at +0x${at.toString(16)} goes to a place known only at run time`,
        );
      default:
        return [at + length];
    }
  }
}
