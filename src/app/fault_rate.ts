/**
 * Notices a decoder that calls too many records bad, which is how a layout that does not fit shows. Used by Session
 * with the counters that it has anyway.
 */

/** What one slot's decoder has counted since it began. */
export interface SlotCounters {
  readonly slot: number;
  readonly counters: { readonly starts: number; readonly lost: { readonly bad_record: number } };
}

/** Fewer spans than these say nothing. */
const MIN_STARTS = 200;
const MAX_SHARE = 0.01;

interface Window {
  readonly starts: number;
  readonly bad: number;
}

/** One window for each slot; it begins anew whenever it was large enough to be judged. */
export class FaultRate {
  readonly #windows = new Map<number, Window>();

  /** The slots whose decoder should not go on, with the figures that say so. */
  check(decoders: readonly SlotCounters[]): { slot: number; starts: number; bad: number }[] {
    const slots = new Set(decoders.map(({ slot }) => slot));
    for (const slot of this.#windows.keys()) if (!slots.has(slot)) this.#windows.delete(slot);
    return decoders.flatMap(({ slot, counters }) => {
      const now: Window = { starts: counters.starts, bad: counters.lost.bad_record };
      const window = this.#windows.get(slot);
      // Fewer than before: the slot has another decoder now.
      const from = window && window.starts <= now.starts ? window : { starts: 0, bad: 0 };
      const starts = now.starts - from.starts;
      const bad = now.bad - from.bad;
      if (starts < MIN_STARTS) {
        this.#windows.set(slot, from);
        return [];
      }
      this.#windows.set(slot, now);
      return bad > starts * MAX_SHARE ? [{ slot, starts, bad }] : [];
    });
  }
}
