/** What holds for the process of a row. The host keeps the table; see PROCESS_* of the memory map. */
import { readU32 } from "../assembly/cursor";
import {
  PROCESS_ENTRIES,
  PROCESS_FILTERED,
  PROCESS_METRICS,
  PROCESS_TRACES,
  PROCESSES_OFFSET,
} from "./memory_map";

const ENTRY_BYTES: u32 = 16;
const FACTOR: u32 = 0x9e3779b1;
const MASK: u32 = PROCESS_ENTRIES - 1;

/** Result of `findProcess`. */
export let resource: u32 = 0;
export let routes: u32 = 0;
export let hasTraces: bool = true;
export let hasMetrics: bool = true;
export let isFiltered: bool = false;

/** Leaves what is known of a process; one that is not known is resource 0 with all on. */
export function findProcess(pid: u32): void {
  let index = (pid * FACTOR) >> 17;
  while (true) {
    const entry = <usize> PROCESSES_OFFSET + <usize> index * ENTRY_BYTES;
    const flags = readU32(entry + 12);
    if (flags == 0) break;
    if (readU32(entry) == pid) {
      resource = readU32(entry + 4);
      routes = readU32(entry + 8);
      hasTraces = (flags & PROCESS_TRACES) != 0;
      hasMetrics = (flags & PROCESS_METRICS) != 0;
      isFiltered = (flags & PROCESS_FILTERED) != 0;
      return;
    }
    index = (index + 1) & MASK;
  }
  resource = 0;
  routes = 0;
  hasTraces = true;
  hasMetrics = true;
  isFiltered = false;
}
