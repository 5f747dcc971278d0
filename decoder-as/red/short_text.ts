/** Texts as keys hold them: valid UTF-8 and short, so that what reads the same is the same. Used by all tables. */
import { isAscii } from "../assembly/cursor";
import { clean, textAt, textBytes, withoutCutSequence } from "../assembly/text";
import { SCRATCH_CLEAN_OFFSET } from "./memory_map";

/** Result of `shorten`. */
export let shortAt: usize = 0;
export let shortBytes: u32 = 0;

/** Leaves in shortAt and shortBytes as much of a text as fits into `most` bytes, of at most 255. */
export function shorten(at: usize, bytes: u32, most: u32): void {
  shortAt = at;
  shortBytes = bytes > most ? withoutCutSequence(at, most) : bytes;
  if (isAscii(at, shortBytes)) return;
  clean(at, shortBytes, SCRATCH_CLEAN_OFFSET);
  shortAt = textAt;
  shortBytes = textBytes > most ? withoutCutSequence(textAt, most) : textBytes;
}
