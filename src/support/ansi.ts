/** Colours and weights of terminal text (ECMA-48 SGR), as the log and the span printer use them. */

export const BOLD = "\x1b[1m";
export const DIM = "\x1b[2m";
export const RED = "\x1b[31m";
export const GREEN = "\x1b[32m";
export const YELLOW = "\x1b[33m";
export const BLUE = "\x1b[34m";
export const MAGENTA = "\x1b[35m";
export const CYAN = "\x1b[36m";
export const BRIGHT_YELLOW = "\x1b[93m";
export const BRIGHT_MAGENTA = "\x1b[95m";
export const BRIGHT_CYAN = "\x1b[96m";

const RESET = "\x1b[0m";

/** `text` in a style, and everything after it in none. Styles hold for no more than they are given. */
export function styled(style: string, text: string): string {
  return text === "" ? "" : style + text + RESET;
}
