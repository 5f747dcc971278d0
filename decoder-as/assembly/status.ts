/** The counters that the host reads; see memory_map.ts for what each means. */
import { readU64, writeU64 } from "./cursor";
import { FAULT_NONE, STATUS_OFFSET, WORD_FAULT, WORD_FAULT_AT } from "./memory_map";

export function word(index: u32): u64 {
  return readU64(<usize> STATUS_OFFSET + (index << 3));
}

export function setWord(index: u32, value: u64): void {
  writeU64(<usize> STATUS_OFFSET + (index << 3), value);
}

export function count(index: u32): void {
  setWord(index, word(index) + 1);
}

/** Keeps the first fault. */
export function fault(code: u32, at: u32): void {
  if (word(WORD_FAULT) != FAULT_NONE) return;
  setWord(WORD_FAULT, code);
  setWord(WORD_FAULT_AT, at);
}
