/**
 * Glob patterns for `--exe`. The whole path must match; `*` stands for any run of characters, `/` included,
 * `?` for one character, everything else for itself.
 */

/** Whether `text` as a whole matches `pattern`. Time is at most pattern length times text length. */
export function matchesGlob(pattern: string, text: string): boolean {
  const want = Array.from(pattern);
  const have = Array.from(text);
  let w = 0;
  let h = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (h < have.length) {
    if (want[w] === "*") {
      starAt = w++;
      resumeAt = h;
    } else if (want[w] === "?" || (w < want.length && want[w] === have[h])) {
      w++;
      h++;
    } else if (starAt >= 0) {
      // Only the last star can need another try: earlier ones already took the shortest run.
      w = starAt + 1;
      h = ++resumeAt;
    } else {
      return false;
    }
  }
  while (want[w] === "*") w++;
  return w === want.length;
}
