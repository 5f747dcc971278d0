/** Parsed globs as decoder-as/red/glob.ts reads them. Used by rule_tables.ts. */
import { GLOB_CLASS, GLOB_NOT_CLASS, GLOB_ONE, GLOB_RUN } from "../../decoder-as/red/memory_map.ts";
import { type GlobPart, ONE, RUN } from "../support/glob.ts";

const encoder = new TextEncoder();

export function globBytes(parts: readonly GlobPart[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(bytesOf));
}

function bytesOf(part: GlobPart): number[] {
  if (part === RUN) return [GLOB_RUN];
  if (part === ONE) return [GLOB_ONE];
  if (typeof part === "number") return [...encoder.encode(String.fromCodePoint(part))];
  const ranges = new Uint8Array(8 * part.ranges.length);
  const view = new DataView(ranges.buffer);
  part.ranges.forEach(([first, last], index) => {
    view.setUint32(8 * index, first, true);
    view.setUint32(8 * index + 4, last, true);
  });
  return [part.negated ? GLOB_NOT_CLASS : GLOB_CLASS, part.ranges.length, ...ranges];
}
