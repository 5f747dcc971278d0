/** Filters on attributes: a span that one of them does not let pass is left out of everything. Used by stage.ts. */
import { readU32 } from "../assembly/cursor";
import { readText, valueAt, valueBytes } from "./attributes";
import { matchesGlob } from "./glob";
import { RULES_FILTERS, RULES_OFFSET } from "./memory_map";

/* u32 count, u32 address of: u32 attribute, u32 count and u32 address of the globs of match, the same of not_match; a
 * count of 0 is none. Glob: u32 address, u32 bytes. */
const FILTERS: usize = RULES_OFFSET + RULES_FILTERS;
const FILTER_BYTES: usize = 20;
const GLOB_BYTES: usize = 8;

/** Whether the text at hand matches one of the globs that the count and address at `list` name. */
function matchesAny(list: usize): bool {
  let glob: usize = readU32(list + 4);
  for (let left = readU32(list); left > 0; left--) {
    if (matchesGlob(readU32(glob), readU32(glob + 4), valueAt, valueBytes)) return true;
    glob += GLOB_BYTES;
  }
  return false;
}

/** Whether the span at hand passes all filters. An attribute that it lacks counts as an empty text. */
export function passesFilters(): bool {
  const end = readU32(FILTERS + 4) + readU32(FILTERS) * <u32> FILTER_BYTES;
  for (let at: usize = readU32(FILTERS + 4); at < <usize> end; at += FILTER_BYTES) {
    readText(readU32(at));
    if (readU32(at + 4) != 0 && !matchesAny(at + 4)) return false;
    if (matchesAny(at + 12)) return false;
  }
  return true;
}
