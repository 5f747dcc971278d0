/**
 * When the loader did something, on the clock of `performance.now()`. Both clocks run at the same pace and differ by
 * a constant, which every reply bounds: it cannot have come before it was sent. Used by LoaderClient only.
 */

/** Learns the difference of the clocks from replies; the quickest one counts. */
export class LoaderClock {
  /** Loader's time minus ours, in milliseconds, at most. */
  #aheadMs = -Infinity;

  /** A record with this time of the loader is here at `nowMs`. */
  note(timeNs: bigint, nowMs: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, toMs(timeNs) - nowMs);
  }

  /** Our time at a time of the loader: late by what the quickest reply took to come, never early. */
  toLocalMs(timeNs: bigint): number {
    return toMs(timeNs) - this.#aheadMs;
  }
}

function toMs(ns: bigint): number {
  return Number(ns / 1_000n) / 1_000;
}
