/**
 * Which traces have lost a span, so that they are not shown with the rest of theirs. Kept as hashes, the newest over
 * the oldest: as many as there can be spans. Two traces in 2^32 share one; then one hides the other. Used by TraceStore.
 */
import { HashChains } from "./hash_chains.ts";

export class BrokenTraces {
  readonly #hashes: Int32Array;
  readonly #chains: HashChains;
  #added = 0;

  constructor(capacity: number) {
    this.#hashes = new Int32Array(capacity);
    this.#chains = new HashChains(capacity);
  }

  has(hash: number): boolean {
    for (let row = this.#chains.first(hash); row >= 0; row = this.#chains.after(row)) {
      if (this.#hashes[row] === hash) return true;
    }
    return false;
  }

  add(hash: number): void {
    if (this.#hashes.length === 0 || this.has(hash)) return;
    const row = this.#added++ % this.#hashes.length;
    if (this.#added > this.#hashes.length) this.#chains.remove(this.#hashes[row]!, row);
    this.#hashes[row] = hash;
    this.#chains.add(hash, row);
  }
}
