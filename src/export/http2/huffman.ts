/**
 * The Huffman code of header texts (RFC 7541, appendix B). It is canonical, so the lengths of the codes say all. Used by
 * HpackDecoder.
 */

/** Bits of the code of each byte value, as a digit to the base of 36. */
const LENGTHS = "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq";
const MAX_BITS = 30;

/** By length of code: the first code, where its symbols begin in SYMBOLS, and how many there are. */
const LEVELS: { readonly first: number; readonly at: number; readonly count: number }[] = [];
const SYMBOLS: number[] = [];

for (let bits = 0, code = 0; bits <= MAX_BITS; bits++, code *= 2) {
  const at = SYMBOLS.length;
  for (let symbol = 0; symbol < LENGTHS.length; symbol++) {
    if (parseInt(LENGTHS[symbol]!, 36) === bits) SYMBOLS.push(symbol);
  }
  LEVELS.push({ first: code, at, count: SYMBOLS.length - at });
  code += SYMBOLS.length - at;
}

/**
 * The text that `bytes` stand for, one letter for each byte.
 *
 * @throws {RangeError} for the code of the end, or padding that is none.
 */
export function decodeHuffman(bytes: Uint8Array): string {
  let text = "";
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + (byte >> bit & 1);
      bits++;
      const level = LEVELS[bits];
      if (level === undefined) throw new RangeError("Cannot read header: no symbol has its Huffman code");
      const { first, at, count } = level;
      if (code - first >= count || code < first) continue;
      text += String.fromCharCode(SYMBOLS[at + code - first]!);
      code = bits = 0;
    }
  }
  // Padding is less than a byte of ones, the beginning of the end's code.
  if (bits > 7 || code !== 2 ** bits - 1) throw new RangeError("Cannot read header: bad Huffman padding");
  return text;
}
