/** A histogram that is filled value by value, for figures of the agent itself. Read by prometheus.ts. */
import type { Exemplar, Histogram } from "../red/types.ts";

export class Distribution implements Histogram {
  readonly bounds: readonly number[];
  readonly buckets: number[];
  readonly exemplars: readonly Exemplar[] = [];
  count = 0;
  sum = 0;

  /** @param bounds upper ones, from the lowest to the highest. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.buckets = new Array(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    const index = this.bounds.findIndex((bound) => value <= bound);
    this.buckets[index < 0 ? this.bounds.length : index]! += 1;
    this.count++;
    this.sum += value;
  }
}
