/** Holds `performance.now()` still and moves it by hand. For tests of what waits for time to pass. */
export class FakeTime implements Disposable {
  readonly #original = performance.now;
  #nowMs = 1_000_000;

  constructor() {
    performance.now = () => this.#nowMs;
  }

  tick(ms: number): void {
    this.#nowMs += ms;
  }

  [Symbol.dispose](): void {
    performance.now = this.#original;
  }
}
