/**
 * Globs that the host has parsed (src/support/glob.ts) and spelt in bytes that UTF-8 has not (src/red/glob_bytes.ts):
 * what is special needs no escape. Used by filters.ts and path.ts.
 */
import { readU32, readU8 } from "../assembly/cursor";
import { GLOB_CLASS, GLOB_NOT_CLASS, GLOB_ONE, GLOB_RUN } from "./memory_map";

/** Behind the mark of a class: u8 number of ranges, then u32 first and u32 last of each. */
const RANGE_BYTES: usize = 8;

/** The place behind the character that begins at `at`. */
function behind(at: usize, end: usize): usize {
  at++;
  while (at < end && (readU8(at) & 0xc0) == 0x80) at++;
  return at;
}

/** The code point of the character from `at` to `next`. */
function codeAt(at: usize, next: usize): u32 {
  const lead = readU8(at);
  const more = <u32> (next - at) - 1;
  if (more == 0 || more > 3) return lead;
  let code = lead & (<u32> 0x3f >> more);
  for (at++; at < next; at++) code = code << 6 | (readU8(at) & 0x3f);
  return code;
}

/** Whether the ranges of the class at `ranges` have the code point. */
function hasCode(ranges: usize, code: u32): bool {
  let at = ranges + 1;
  for (let left = readU8(ranges); left > 0; left--) {
    if (readU32(at) <= code && code <= readU32(at + 4)) return true;
    at += RANGE_BYTES;
  }
  return false;
}

/** Takes at most the product of both lengths. */
export function matchesGlob(glob: usize, globBytes: u32, at: usize, bytes: u32): bool {
  const globEnd = glob + globBytes;
  const end = at + bytes;
  let run: usize = 0;
  let resume: usize = 0;
  while (at < end) {
    const isAtEnd = glob == globEnd;
    const wanted: u32 = isAtEnd ? 0 : readU8(glob);
    if (wanted == GLOB_RUN) {
      run = ++glob;
      resume = at;
      continue;
    }
    let next = at + 1;
    let then = glob + 1;
    let fits: bool;
    if (wanted == GLOB_ONE) {
      next = behind(at, end);
      fits = true;
    } else if (wanted == GLOB_CLASS || wanted == GLOB_NOT_CLASS) {
      next = behind(at, end);
      fits = hasCode(then, codeAt(at, next)) == (wanted == GLOB_CLASS);
      then += 1 + <usize> readU8(then) * RANGE_BYTES;
    } else {
      fits = !isAtEnd && wanted == readU8(at);
    }
    if (fits) {
      glob = then;
      at = next;
    } else if (run != 0) {
      glob = run;
      at = resume = behind(resume, end);
    } else {
      return false;
    }
  }
  while (glob < globEnd && readU8(glob) == GLOB_RUN) glob++;
  return glob == globEnd;
}
