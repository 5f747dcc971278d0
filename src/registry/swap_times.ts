/** How long the latest swaps took. Kept by DecoderAdmin, shown by the API. */
import type { SwapTimes } from "./model.ts";

const MAX_KEPT = 1_000;

/** Times of the latest 1000 swaps; `count` counts all of them. */
export class SwapLog {
  readonly #latest: number[] = [];
  #count = 0;

  add(swapMs: number): void {
    this.#latest.push(swapMs);
    if (this.#latest.length > MAX_KEPT) this.#latest.shift();
    this.#count++;
  }

  report(): SwapTimes {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    return {
      count: this.#count,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? null,
      lastMs: this.#latest.at(-1) ?? null,
    };
  }
}

/** By nearest rank: the least value that `share` of all values do not exceed. */
function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
