/**
 * Every memory access of the decoder. The other files hold addresses and call these; bounds are checked by the
 * callers, against the record or the region, before they come here.
 */

export function readU8(at: usize): u32 {
  return load<u8>(at);
}

export function readU16(at: usize): u32 {
  return load<u16>(at);
}

export function readU32(at: usize): u32 {
  return load<u32>(at);
}

export function readU64(at: usize): u64 {
  return load<u64>(at);
}

export function writeU8(at: usize, value: u32): void {
  store<u8>(at, value);
}

export function writeU16(at: usize, value: u32): void {
  store<u16>(at, value);
}

export function writeU32(at: usize, value: u32): void {
  store<u32>(at, value);
}

export function writeU64(at: usize, value: u64): void {
  store<u64>(at, value);
}

/** Copies 32 bytes, whatever of them is meant. */
export function copy32(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to + 16, v128.load(from + 16));
}

/** Copies `bytes` and up to 15 more; yields the address behind the copy. */
export function copy(to: usize, from: usize, bytes: u32): usize {
  v128.store(to, v128.load(from));
  for (let done: u32 = 16; done < bytes; done += 16) v128.store(to + done, v128.load(from + done));
  return to + bytes;
}

/** Copies exactly `bytes`, also where the ranges overlap. By bytes: memory.copy is refused by src/decoder/harden.ts. */
export function move(to: usize, from: usize, bytes: u32): void {
  if (to < from) {
    for (let index: u32 = 0; index < bytes; index++) store<u8>(to + index, load<u8>(from + index));
  } else {
    for (let left = bytes; left > 0; left--) store<u8>(to + left - 1, load<u8>(from + left - 1));
  }
}

/** Whether no byte has its top bit set. Reads up to 15 bytes more. */
export function isAscii(at: usize, bytes: u32): bool {
  let done: u32 = 0;
  for (; done + 16 <= bytes; done += 16) {
    if (i8x16.bitmask(v128.load(at + done))) return false;
  }
  if (done == bytes) return true;
  return (i8x16.bitmask(v128.load(at + done)) & ((1 << (bytes - done)) - 1)) == 0;
}

/**
 * Whether every byte is in a set of ASCII characters. Entry i of the set is a bit mask: bit h means that the
 * character 16 * h + i is in. Reads up to 15 bytes more.
 */
export function isSubset(at: usize, bytes: u32, set: v128): bool {
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  for (let done: u32 = 0; done < bytes; done += 16) {
    const chunk = v128.load(at + done);
    const row = i8x16.swizzle(set, v128.and(chunk, i8x16.splat(15)));
    const column = i8x16.swizzle(bits, i8x16.shr_u(chunk, 4));
    const outside = i8x16.bitmask(i8x16.eq(v128.and(row, column), i8x16.splat(0)));
    const left = bytes - done;
    if ((left < 16 ? outside & ((1 << left) - 1) : outside) != 0) return false;
  }
  return true;
}

/** Offset of the first `byte`, or `bytes` when there is none. Reads up to 15 bytes more. */
export function find(at: usize, bytes: u32, byte: u32): u32 {
  const pattern = i8x16.splat(<i8> byte);
  for (let done: u32 = 0; done < bytes; done += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(at + done), pattern));
    if (hits) return min(done + <u32> ctz(hits), bytes);
  }
  return bytes;
}

/** Whether two ranges hold the same bytes. */
export function equal(left: usize, right: usize, bytes: u32): bool {
  for (let index: u32 = 0; index < bytes; index++) {
    if (load<u8>(left + index) != load<u8>(right + index)) return false;
  }
  return true;
}
