/** Search of wanted names in Go's function name table, a list of NUL-terminated texts. Used by pclntab.ts. */

/**
 * Offsets of the names that are there.
 *
 * @returns offset in the table -> name.
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
  for (let end = table.indexOf(0); end >= 0; end = table.indexOf(0, start)) {
    for (const { name, bytes } of byLength.get(end - start) ?? []) {
      if (equalAt(table, start, bytes)) {
        found.set(start, name);
      }
    }
    start = end + 1;
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
