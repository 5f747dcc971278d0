/** Numbers of which the kernel's maps have only so many: the bindings of attached executables. Used by Executables. */

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
