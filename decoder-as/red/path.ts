/** Paths in segments, and the patterns that name or ignore them. Used by routes.ts. */
import { readU32, readU8, writeU32 } from "../assembly/cursor";
import { same } from "./bytes";
import { matchesGlob } from "./glob";
import { MAX_SEGMENTS, SEGMENT_ANY, SEGMENT_LITERAL, SEGMENTS_OFFSET } from "./memory_map";

const SLASH: u32 = 47;

/** Result of `splitPath`: segments found (of those beyond MAX_SEGMENTS one is counted), whether it ends in a slash. */
export let segments: u32 = 0;
let endsInSlash: bool = false;

export function segmentAt(index: u32): usize {
  return readU32(<usize> SEGMENTS_OFFSET + (index << 3));
}

export function segmentBytes(index: u32): u32 {
  return readU32(<usize> SEGMENTS_OFFSET + (index << 3) + 4);
}

/** Splits a path at its slashes; false when it does not begin with one. A final slash begins no segment. */
export function splitPath(at: usize, bytes: u32): bool {
  segments = 0;
  if (bytes == 0 || readU8(at) != SLASH) return false;
  const end = at + bytes;
  let from = at + 1;
  while (from < end && segments <= <u32> MAX_SEGMENTS) {
    let to = from;
    while (to < end && readU8(to) != SLASH) to++;
    if (segments < <u32> MAX_SEGMENTS) {
      const entry = <usize> SEGMENTS_OFFSET + (segments << 3);
      writeU32(entry, <u32> from);
      writeU32(entry + 4, <u32> (to - from));
    }
    segments++;
    from = to + 1;
  }
  endsInSlash = readU8(end - 1) == SLASH;
  return true;
}

/* Pattern: u32 segments, u32 address of them, u32 whether any rest may follow, u32 address and u32 bytes of its text.
 * Segment: u32 kind, u32 address, u32 bytes. */
export const PATTERN_BYTES: usize = 20;
const SEGMENT_BYTES: usize = 12;

/** Whether the path that was split last matches. */
function matchesPattern(pattern: usize): bool {
  const count = readU32(pattern);
  if (readU32(pattern + 8) != 0) {
    if (segments < count || (segments == count && !endsInSlash)) return false;
  } else if (segments != count) {
    return false;
  }
  let at: usize = readU32(pattern + 4);
  for (let index: u32 = 0; index < count; index++) {
    const segment = segmentAt(index);
    const bytes = segmentBytes(index);
    const kind = readU32(at);
    const text: usize = readU32(at + 4);
    const textBytes = readU32(at + 8);
    if (kind == SEGMENT_LITERAL) {
      if (bytes != textBytes || !same(segment, text, bytes)) return false;
    } else if (kind == SEGMENT_ANY) {
      if (bytes == 0) return false;
    } else if (!matchesGlob(text, textBytes, segment, bytes)) {
      return false;
    }
    at += SEGMENT_BYTES;
  }
  return true;
}

/** The first of `count` patterns that matches the path, 0 where none does. */
export function findPattern(at: usize, count: u32): usize {
  for (; count > 0; count--) {
    if (matchesPattern(at)) return at;
    at += PATTERN_BYTES;
  }
  return 0;
}
