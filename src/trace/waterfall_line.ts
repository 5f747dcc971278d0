/** Lines made of pieces that each have a style and fit a terminal together. Used by the waterfall. */
import { displayWidth, fitWidth } from "../support/text.ts";

/** A text and what colours it; the style adds no width. */
export type Piece = readonly [text: string, style: (text: string) => string];

export const GAP = "  ";
/** Before what belongs to the line above. */
export const INDENT = "  ";

/** One line of the pieces that fit; the first that does not fit whole is cut. */
export function layOut(
  pieces: readonly Piece[],
  { width, indent }: { width: number; indent: string },
): string {
  let line = "";
  let used = 0;
  for (const [text, style] of pieces) {
    const gap = used === 0 ? indent : GAP;
    const room = width - used - gap.length;
    if (room <= 0) break;
    const shown = displayWidth(text) > room ? fitWidth(text, room) : text;
    line += gap + style(shown);
    used += gap.length + displayWidth(shown);
  }
  return line;
}

/**
 * As many lines as the pieces need: one that does not fit behind the others begins the next line, indented. `last`
 * stands at the right edge where it fits into the first line.
 */
export function flow(pieces: readonly Piece[], { width, last }: { width: number; last: Piece }): string[] {
  const lines: Piece[][] = [];
  let room = -1;
  for (const piece of [...pieces, last]) {
    const needed = displayWidth(piece[0]) + GAP.length;
    if (needed > room) {
      lines.push([]);
      room = width - (lines.length > 1 ? INDENT.length : 0) + GAP.length;
    } else if (piece === last && lines.length === 1) {
      lines[0]!.push([" ".repeat(Math.max(0, room - needed - GAP.length)), (text) => text]);
    }
    room -= needed;
    lines.at(-1)!.push(piece);
  }
  return lines.map((line, index) => layOut(line, { width, indent: index > 0 ? INDENT : "" }));
}
