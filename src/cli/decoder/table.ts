/** Aligned columns for a terminal. Used by the commands that list something. */
import { displayWidth, escapeControls } from "../../support/text.ts";

/** Rows as lines: columns as wide as their widest cell, two spaces apart; `right` numbers those flush right. */
export function alignRows(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const clean = rows.map((row) => row.map(escapeControls));
  const widths: number[] = [];
  for (const row of clean) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  return clean.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat(widths[column]! - displayWidth(cell));
      return right.includes(column) ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
}
