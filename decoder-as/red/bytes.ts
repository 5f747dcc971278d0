/**
 * Memory access of the RED stage beside the decoders' cursor: hashes, comparisons and clearing, eight bytes at a
 * time. Addresses are checked by the callers; up to seven bytes behind a text are read and never used.
 */

const FIRST_FACTOR: u64 = 0x9e3779b97f4a7c15;
const SECOND_FACTOR: u64 = 0xd6e8feb86659fd93;

function tail(at: usize, bytes: u32): u64 {
  return load<u64>(at) & ((<u64> 1 << (bytes << 3)) - 1);
}

export function mix(value: u64): u64 {
  value = (value ^ (value >> 32)) * SECOND_FACTOR;
  return value ^ (value >> 29);
}

/** A hash of a text. Other seeds give unrelated ones, so that nobody outside can aim for collisions. */
export function hash(at: usize, bytes: u32, seed: u64): u64 {
  let value = seed ^ <u64> bytes * FIRST_FACTOR;
  let left = bytes;
  for (; left >= 8; left -= 8) {
    value = (value ^ load<u64>(at)) * FIRST_FACTOR;
    value ^= value >> 29;
    at += 8;
  }
  if (left > 0) {
    value = (value ^ tail(at, left)) * FIRST_FACTOR;
    value ^= value >> 29;
  }
  return mix(value);
}

/** Whether two texts of the same length are equal. */
export function same(left: usize, right: usize, bytes: u32): bool {
  for (; bytes >= 8; bytes -= 8) {
    if (load<u64>(left) != load<u64>(right)) return false;
    left += 8;
    right += 8;
  }
  return bytes == 0 || tail(left, bytes) == tail(right, bytes);
}

export function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

/** Adds to a u64. */
export function add(at: usize, value: u64): void {
  store<u64>(at, load<u64>(at) + value);
}
