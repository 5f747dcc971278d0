/** Holds the clock and `setInterval` still and moves them by hand. For tests of what is done again and again. */
import { FakeTime } from "./fake_time.ts";

export class FakeInterval implements Disposable {
  readonly #time = new FakeTime();
  readonly #originals = [globalThis.setInterval, globalThis.clearInterval, Deno.unrefTimer] as const;
  #running: { readonly everyMs: number; readonly run: () => void; leftMs: number } | null = null;

  /** There may be one interval at a time. */
  constructor() {
    globalThis.setInterval = ((run: () => void, everyMs: number) => {
      this.#running = { everyMs, run, leftMs: everyMs };
      return 1;
    }) as unknown as typeof setInterval;
    globalThis.clearInterval = () => {
      this.#running = null;
    };
    Deno.unrefTimer = () => {};
  }

  /** Moves on; promises settle in between. */
  async tick(ms: number): Promise<void> {
    for (let left = ms; left > 0;) {
      const step = Math.min(left, this.#running?.leftMs ?? left);
      left -= step;
      this.#time.tick(step);
      if (!this.#running) continue;
      this.#running.leftMs -= step;
      if (this.#running.leftMs > 0) continue;
      this.#running.leftMs = this.#running.everyMs;
      this.#running.run();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  }

  [Symbol.dispose](): void {
    [globalThis.setInterval, globalThis.clearInterval, Deno.unrefTimer] = this.#originals;
    this.#time[Symbol.dispose]();
  }
}
