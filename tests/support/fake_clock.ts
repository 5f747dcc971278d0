/** A clock that stands still until a test moves it on. For tests of what waits for time to pass. */
import type { Clock } from "../../src/support/clock.ts";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#nowMs = nowMs;
  }

  /** Calls of `sleep` that have not resolved. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { wakesAtMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  /** Moves on by `ms`, waking who is due at his time, and lets all that follows happen. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (true) {
      await settled();
      const next = this.#sleepers.toSorted((a, b) => a.wakesAtMs - b.wakesAtMs)[0];
      if (next === undefined || next.wakesAtMs > endMs) break;
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      this.#nowMs = next.wakesAtMs;
      next.wake();
    }
    this.#nowMs = endMs;
  }
}

/** Everything that is waiting for promises only has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
