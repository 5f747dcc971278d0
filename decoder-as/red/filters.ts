/** Filters on attributes: a span that one of them does not let pass is left out of everything. Used by stage.ts. */
import { readU32 } from "../assembly/cursor";
import { readText, valueAt, valueBytes } from "./attributes";
import { matchesGlob } from "./glob";
import { RULES_FILTERS, RULES_OFFSET } from "./memory_map";

/* u32 count, u32 address of: u32 attribute, u32 match and its bytes, u32 not_match and its bytes; address 0 is none. */
const FILTERS: usize = RULES_OFFSET + RULES_FILTERS;
const FILTER_BYTES: usize = 20;

/** Whether the span at hand passes all filters. An attribute that it lacks counts as an empty text. */
export function passesFilters(): bool {
  const end = readU32(FILTERS + 4) + readU32(FILTERS) * <u32> FILTER_BYTES;
  for (let at: usize = readU32(FILTERS + 4); at < <usize> end; at += FILTER_BYTES) {
    readText(readU32(at));
    const match = readU32(at + 4);
    if (match != 0 && !matchesGlob(match, readU32(at + 8), valueAt, valueBytes)) return false;
    const notMatch = readU32(at + 12);
    if (notMatch != 0 && matchesGlob(notMatch, readU32(at + 16), valueAt, valueBytes)) return false;
  }
  return true;
}
