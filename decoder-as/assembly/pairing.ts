/**
 * Start records of spans in flight, found again by span id. An open-addressing index (at most half full, emptied
 * by backward shift) names a slot; the slot holds the record as it came. Called by feed.ts.
 */
import { OFFSET_HEADER_PID, OFFSET_SPAN_SPAN_ID } from "../../bpf/wire.gen";
import { copy, readU32, readU64, writeU32, writeU64 } from "./cursor";
import {
  INDEX_ENTRIES,
  INDEX_ENTRY_BYTES,
  INDEX_OFFSET,
  PAIRING_OFFSET,
  SLOT_BYTES,
  SLOT_COUNT,
  SLOT_OFFSET,
  WORD_IN_FLIGHT,
} from "./memory_map";
import { setWord, word } from "./status";

/** No slot; also what lookups answer for a span that is not in flight. */
export const NONE: u32 = 0xffffffff;

/* Head of the pairing region: slots ever used, and the first free one of those + 1. */
const USED_AT: usize = PAIRING_OFFSET;
const FREE_AT: usize = PAIRING_OFFSET + 4;

/* Slot: u32 taken, u32 next free slot + 1, 8 bytes unused, the record. */
const SLOT_HEAD_BYTES: usize = 16;

/* Index entry: u64 span id, u32 slot + 1 (0: empty). */
const MASK: u32 = INDEX_ENTRIES - 1;

/** Longest record that a slot takes, with room for 16-byte copies behind it. */
export const MAX_SLOT_RECORD_BYTES: u32 = SLOT_BYTES - 16 - 32;

function entryAt(index: u32): usize {
  return <usize> INDEX_OFFSET + <usize> index * INDEX_ENTRY_BYTES;
}

function slotAt(slot: u32): usize {
  return <usize> SLOT_OFFSET + <usize> slot * SLOT_BYTES;
}

function home(spanId: u64): u32 {
  return <u32> ((spanId * 0x9e3779b97f4a7c15) >> 40) & MASK;
}

function entryOf(spanId: u64): u32 {
  let index = home(spanId);
  while (readU32(entryAt(index) + 8) != 0) {
    if (readU64(entryAt(index)) == spanId) return index;
    index = (index + 1) & MASK;
  }
  return NONE;
}

function takeSlot(): u32 {
  const free = readU32(FREE_AT);
  if (free != 0) {
    writeU32(FREE_AT, readU32(slotAt(free - 1) + 4));
    return free - 1;
  }
  const used = readU32(USED_AT);
  if (used == SLOT_COUNT) return NONE;
  writeU32(USED_AT, used + 1);
  return used;
}

/** The start record in a slot. */
export function startOf(slot: u32): usize {
  return slotAt(slot) + SLOT_HEAD_BYTES;
}

/** The slot of a span in flight, or NONE. */
export function lookUp(spanId: u64): u32 {
  const index = entryOf(spanId);
  return index == NONE ? NONE : readU32(entryAt(index) + 8) - 1;
}

/** Keeps a start record of at most MAX_SLOT_RECORD_BYTES, whose span is not in flight yet; false when all slots are taken. */
export function keep(record: usize, bytes: u32): bool {
  const slot = takeSlot();
  if (slot == NONE) return false;
  const at = slotAt(slot);
  writeU32(at, 1);
  copy(at + SLOT_HEAD_BYTES, record, bytes);
  const spanId = readU64(record + OFFSET_SPAN_SPAN_ID);
  let index = home(spanId);
  while (readU32(entryAt(index) + 8) != 0) index = (index + 1) & MASK;
  writeU64(entryAt(index), spanId);
  writeU32(entryAt(index) + 8, slot + 1);
  setWord(WORD_IN_FLIGHT, word(WORD_IN_FLIGHT) + 1);
  return true;
}

/** Frees the slot of a span in flight. Its record stays readable until the next `keep`. */
export function release(slot: u32): void {
  const at = slotAt(slot);
  forget(entryOf(readU64(at + SLOT_HEAD_BYTES + OFFSET_SPAN_SPAN_ID)));
  writeU32(at, 0);
  writeU32(at + 4, readU32(FREE_AT));
  writeU32(FREE_AT, slot + 1);
  setWord(WORD_IN_FLIGHT, word(WORD_IN_FLIGHT) - 1);
}

/** Empties an index entry and moves later ones of the same run up, so that lookups need no tombstones. */
function forget(index: u32): void {
  let hole = index;
  let next = (hole + 1) & MASK;
  while (readU32(entryAt(next) + 8) != 0) {
    const wanted = home(readU64(entryAt(next)));
    if (((next - wanted) & MASK) >= ((next - hole) & MASK)) {
      writeU64(entryAt(hole), readU64(entryAt(next)));
      writeU32(entryAt(hole) + 8, readU32(entryAt(next) + 8));
      hole = next;
    }
    next = (next + 1) & MASK;
  }
  writeU32(entryAt(hole) + 8, 0);
}

/** Frees every span in flight of a process (0: of all); yields how many there were. */
export function releaseAll(pid: u32): u32 {
  let released: u32 = 0;
  const used = readU32(USED_AT);
  for (let slot: u32 = 0; slot < used; slot++) {
    if (readU32(slotAt(slot)) == 0) continue;
    if (pid != 0 && readU32(startOf(slot) + OFFSET_HEADER_PID) != pid) continue;
    release(slot);
    released++;
  }
  return released;
}
