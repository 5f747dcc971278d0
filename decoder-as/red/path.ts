/** Paths in segments, and the patterns that name or ignore them. Used by routes.ts. */
import { readU32, readU8, writeU32 } from "../assembly/cursor";
import { same } from "./bytes";
import { matchesGlob } from "./glob";
import { MAX_SEGMENTS, SEGMENT_ANY, SEGMENT_LITERAL, SEGMENT_RUN, SEGMENTS_OFFSET } from "./memory_map";

const SLASH: u32 = 47;

/** Result of `splitPath`: segments found; of those beyond MAX_SEGMENTS one is counted. */
export let segments: u32 = 0;

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
  return true;
}

/* Pattern: u32 segments, u32 address of them, u32 address and u32 bytes of its text.
 * Segment: u32 kind, u32 address, u32 bytes. */
export const PATTERN_BYTES: usize = 16;
const SEGMENT_BYTES: usize = 12;

/** Whether the segment of that index is what a pattern's segment wants; the one beyond MAX_SEGMENTS never is. */
function matchesSegment(wanted: usize, index: u32): bool {
  if (index >= <u32> MAX_SEGMENTS) return false;
  const segment = segmentAt(index);
  const bytes = segmentBytes(index);
  const kind = readU32(wanted);
  const text: usize = readU32(wanted + 4);
  const textBytes = readU32(wanted + 8);
  if (kind == SEGMENT_LITERAL) return bytes == textBytes && same(segment, text, bytes);
  if (kind == SEGMENT_ANY) return bytes != 0;
  return matchesGlob(text, textBytes, segment, bytes);
}

/** Whether the path that was split last matches. Takes at most the product of both numbers of segments. */
function matchesPattern(pattern: usize): bool {
  let wanted: usize = readU32(pattern + 4);
  const end = wanted + <usize> readU32(pattern) * SEGMENT_BYTES;
  let run: usize = 0;
  let resume: u32 = 0;
  let index: u32 = 0;
  while (index < segments) {
    if (wanted < end && readU32(wanted) == SEGMENT_RUN) {
      run = wanted += SEGMENT_BYTES;
      if (run == end) return true;
      resume = index;
    } else if (wanted < end && matchesSegment(wanted, index)) {
      wanted += SEGMENT_BYTES;
      index++;
    } else if (run != 0) {
      wanted = run;
      index = ++resume;
    } else {
      return false;
    }
  }
  while (wanted < end && readU32(wanted) == SEGMENT_RUN) wanted += SEGMENT_BYTES;
  return wanted == end;
}

/** The first of `count` patterns that matches the path, 0 where none does. */
export function findPattern(at: usize, count: u32): usize {
  for (; count > 0; count--) {
    if (matchesPattern(at)) return at;
    at += PATTERN_BYTES;
  }
  return 0;
}
