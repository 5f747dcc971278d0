/** Search of wanted names in Go's function name table, a list of NUL-terminated texts. Used by pclntab.ts. */
import { corrupt } from "./refusal.ts";

/** The largest known Go programs have a quarter of a million functions. */
const MAX_NAMES = 4_000_000;

/**
 * Offsets of the names that are there.
 *
 * @returns offset in the table -> name.
 * @throws {Refusal} when the table has more names than any program.
 */
export function findNames(table: Uint8Array, names: ReadonlySet<string>): Map<number, string> {
  const encoder = new TextEncoder();
  const byLength = new Map<number, { name: string; bytes: Uint8Array }[]>();
  for (const name of names) {
    const bytes = encoder.encode(name);
    byLength.set(bytes.length, [...byLength.get(bytes.length) ?? [], { name, bytes }]);
  }
  const found = new Map<number, string>();
  let start = 0;
  let count = 0;
  for (let end = table.indexOf(0); end >= 0; end = table.indexOf(0, start)) {
    for (const { name, bytes } of byLength.get(end - start) ?? []) {
      if (equalAt(table, start, bytes)) {
        found.set(start, name);
      }
    }
    start = end + 1;
    count += 1;
    if (count > MAX_NAMES) {
      throw corrupt(`the Go function names are more than ${MAX_NAMES}`);
    }
  }
  return found;
}

/** From the end: Go names share long beginnings. */
function equalAt(table: Uint8Array, start: number, bytes: Uint8Array): boolean {
  for (let i = bytes.length - 1; i >= 0; i--) {
    if (table[start + i] !== bytes[i]) {
      return false;
    }
  }
  return true;
}
