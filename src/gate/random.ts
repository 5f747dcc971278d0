/** Numbers that look random and are the same each time, so that a refusal can be repeated. */

/** A generator of whole numbers from 0 up to, and without, `below`. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ state >>> 13, 0x297a2d39) >>> 0;
    return Math.floor(mixed / 2 ** 32 * below);
  };
}
