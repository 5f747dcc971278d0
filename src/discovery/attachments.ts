/**
 * Numbers shared by processes: a binding for each attached executable, a slot for each decoder in use.
 * Discovery takes and returns them; the kernel's maps have room for MAX_BINDINGS and MAX_SLOTS.
 */

/** Hands out the lowest free number below a limit. */
export class NumberPool {
  readonly #limit: number;
  readonly #taken = new Set<number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lowest free number, or null when all are taken. */
  take(): number | null {
    for (let number = 0; number < this.#limit; number++) {
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    return null;
  }

  /** Makes `number` free again. */
  give(number: number): void {
    this.#taken.delete(number);
  }
}
