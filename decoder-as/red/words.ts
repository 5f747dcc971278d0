/**
 * Tells words from what varies: numbers, ids, hashes, tokens, e-mail addresses and gibberish. A word is known, or made
 * of pairs of letters that are usual in English and in names of programs. Used by routes.ts.
 */
import { readU64, readU8 } from "../assembly/cursor";
import { PAIRS_OFFSET, WORD_ENTRIES, WORDS_OFFSET } from "./memory_map";

const MAX_BYTES: u32 = 32;
const MAX_WORDS: u32 = 3;
const MAX_LETTERS: u32 = 20;
/** Letters of only a to f from which on they are a hash. */
const MIN_HASH_LETTERS: u32 = 7;
/** Changes from lower to upper case within a word: getUserById has three. */
const MAX_HUMPS: u32 = 3;
/** Row and column of the edge of a word. */
const EDGE: u32 = 26;
const COLUMNS: u32 = 27;
/** Greatest mean cost of the pairs of a word, in halves: 19 of 20 words of 6 letters cost less, 1 of 23 random ones. */
const MAX_MEAN_COST: u32 = 23;
const MAX_KNOWN_LETTERS: u32 = 12;
const WORD_FACTOR: u64 = 0x9e3779b97f4a7c15;

function letter(byte: u32): u32 {
  return (byte | 0x20) - 97;
}

function isLetter(byte: u32): bool {
  return letter(byte) < 26;
}

function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** "-", ".", "_", "~" and ":", which stand between words. */
function isSeparator(byte: u32): bool {
  return byte == 45 || byte == 46 || byte == 95 || byte == 126 || byte == 58;
}

/** Whether a segment of a path names something, so that there are few of its kind: "orders", "v2", "sign-in". */
export function isName(at: usize, bytes: u32): bool {
  if (bytes > MAX_BYTES) return false;
  const end = at + bytes;
  let words: u32 = 0;
  while (at < end) {
    if (isSeparator(readU8(at))) {
      at++;
      continue;
    }
    const from = at;
    while (at < end && isLetter(readU8(at))) at++;
    const letters = <u32> (at - from);
    if (letters == 0) return false;
    const digitsAt = at;
    while (at < end && isDigit(readU8(at))) at++;
    const digits = <u32> (at - digitsAt);
    const isVersion = letters == 1 && letter(readU8(from)) == 21 && digits <= 2;
    if (!isVersion) {
      if (digits > 1 || (digits == 1 && (letters == 1 || (at < end && !isSeparator(readU8(at)))))) {
        return false;
      }
      if (at < end && digits == 0 && !isSeparator(readU8(at))) return false;
      if (!isWord(from, letters)) return false;
    }
    if (++words > MAX_WORDS) return false;
  }
  return words > 0;
}

function isWord(at: usize, letters: u32): bool {
  if (letters == 1) return true;
  if (letters > MAX_LETTERS) return false;
  let before = EDGE;
  let cost: u32 = 0;
  let humps: u32 = 0;
  let packed: u64 = 0;
  let isHash = letters >= MIN_HASH_LETTERS;
  let wasLower = false;
  for (let index: u32 = 0; index < letters; index++) {
    const byte = readU8(at + index);
    const next = letter(byte);
    const isLower = byte >= 97;
    if (wasLower && !isLower) humps++;
    wasLower = isLower;
    if (next > 5) isHash = false;
    packed = packed << 5 | <u64> (next + 1);
    cost += readU8(<usize> PAIRS_OFFSET + before * COLUMNS + next);
    before = next;
  }
  if (letters <= MAX_KNOWN_LETTERS && isKnown(packed)) return true;
  cost += readU8(<usize> PAIRS_OFFSET + before * COLUMNS + EDGE);
  return !isHash && humps <= MAX_HUMPS && cost << 1 <= MAX_MEAN_COST * (letters + 1);
}

function isKnown(packed: u64): bool {
  let index = <u32> ((packed * WORD_FACTOR) >> 53);
  while (true) {
    const word = readU64(<usize> WORDS_OFFSET + <usize> (index << 3));
    if (word == packed) return true;
    if (word == 0) return false;
    index = (index + 1) & (WORD_ENTRIES - 1);
  }
}
