/** Notices that work has come to rest, or may pause. Made by the composition root, which then gives memory back. */
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";

/** Work has come to rest when there was none for so long. */
const QUIET_MS = 5_000;
/** Work that goes on for so long is given a pause: some small thing happens all the time on a busy machine. */
const LONGEST_MS = 30_000;
/** What is done at rest has a price, so little work now and then must not bring it about each time. */
const LEAST_INTERVAL_MS = 120_000;

export interface RestOptions {
  readonly onRest: () => void;
  readonly clock?: Clock;
}

/** Disposing of it ends the watch. */
export class Rest implements Disposable {
  readonly #onRest: () => void;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #watching = false;
  #worked = false;
  #lastMs = -Infinity;

  constructor({ onRest, clock = SYSTEM_CLOCK }: RestOptions) {
    this.#onRest = onRest;
    this.#clock = clock;
  }

  /** Something is being done. Costs next to nothing. */
  work(): void {
    this.#worked = true;
    if (!this.#watching) this.#watch();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    this.#watching = true;
    await this.#clock.sleep(Math.max(0, this.#lastMs + LEAST_INTERVAL_MS - this.#clock.elapsed()), signal);
    const latestMs = this.#clock.elapsed() + LONGEST_MS;
    do {
      this.#worked = false;
      await this.#clock.sleep(QUIET_MS, signal);
    } while (this.#worked && this.#clock.elapsed() < latestMs && !signal.aborted);
    this.#watching = false;
    if (signal.aborted) return;
    this.#lastMs = this.#clock.elapsed();
    this.#onRest();
  }
}
