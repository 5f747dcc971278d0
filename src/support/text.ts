/**
 * Text from elsewhere made fit for a terminal: no control characters, a known width. Used by the log, the span
 * printer, the waterfall and everything that quotes a collector's answer.
 */

// Cc moves cursors and ends lines; the others reorder what stands around them.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const MARK = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** East Asian Width W and F of UAX #11 (https://www.unicode.org/reports/tr11/), unassigned gaps included. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Replaces what could steer a terminal or forge a line by its \u form. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Columns that `text` takes in a terminal (East Asian wide characters take two, combining marks none). */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** `text` cut, with "…" as its last character, or padded with spaces, to exactly `width` columns. */
export function fitWidth(text: string, width: number): string {
  const have = displayWidth(text);
  if (have <= width) return text + " ".repeat(width - have);
  if (width <= 0) return "";
  let cut = "";
  let used = 0;
  for (const char of text) {
    if (used + charWidth(char) > width - 1) break;
    cut += char;
    used += charWidth(char);
  }
  return cut + "…" + " ".repeat(width - 1 - used);
}

function charWidth(char: string): number {
  if (MARK.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}
