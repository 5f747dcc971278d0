/** Globs as src/support/glob.ts has them: `*` is any run of characters, `?` one, the whole text must match. */
import { readU8 } from "../assembly/cursor";

const STAR: u32 = 42;
const QUESTION_MARK: u32 = 63;

/** The place behind the character that begins at `at`. */
function behind(at: usize, end: usize): usize {
  at++;
  while (at < end && (readU8(at) & 0xc0) == 0x80) at++;
  return at;
}

/** Takes at most the product of both lengths. */
export function matchesGlob(glob: usize, globBytes: u32, at: usize, bytes: u32): bool {
  const globEnd = glob + globBytes;
  const end = at + bytes;
  let star: usize = 0;
  let resume: usize = 0;
  while (at < end) {
    const wanted: u32 = glob < globEnd ? readU8(glob) : 0;
    if (glob < globEnd && wanted == STAR) {
      star = ++glob;
      resume = at;
    } else if (glob < globEnd && wanted == QUESTION_MARK) {
      glob++;
      at = behind(at, end);
    } else if (glob < globEnd && wanted == readU8(at)) {
      glob++;
      at++;
    } else if (star != 0) {
      glob = star;
      at = resume = behind(resume, end);
    } else {
      return false;
    }
  }
  while (glob < globEnd && readU8(glob) == STAR) glob++;
  return glob == globEnd;
}
