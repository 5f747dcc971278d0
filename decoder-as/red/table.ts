/**
 * Hashed tables of fixed size whose keys are texts: open addressing over slots that are taken in order and reused last
 * in, first out. After slots were removed the index is built anew, since that is rare. The host lays the tables out.
 */
import { copy, readU32, readU64, writeU32, writeU64 } from "../assembly/cursor";
import { word } from "../assembly/status";
import { clear, same } from "./bytes";
import {
  SLOT_EPOCH,
  SLOT_HASH,
  SLOT_KEY_BYTES,
  SLOT_NEXT_FREE,
  SLOT_START_NS,
  SLOT_STATE,
  TABLE_BYTES,
  TABLE_CAPACITY,
  TABLE_FREE,
  TABLE_INDEX,
  TABLE_KEY,
  TABLE_MASK,
  TABLE_SLOT_BYTES,
  TABLE_SLOTS,
  TABLE_USED,
  TABLES_OFFSET,
  WORD_EPOCH,
  WORD_NOW_NS,
} from "./memory_map";

const INDEX_ENTRY_BYTES: u32 = 8;

/** The descriptor of a table. */
export function tableAt(table: u32): usize {
  return <usize> TABLES_OFFSET + <usize> table * TABLE_BYTES;
}

/** Slots that were ever taken. */
export function usedSlots(table: usize): u32 {
  return readU32(table + TABLE_USED);
}

export function slotAt(table: usize, slot: u32): usize {
  return <usize> readU32(table + TABLE_SLOTS) + <usize> slot * readU32(table + TABLE_SLOT_BYTES);
}

export function slotOf(table: usize, at: usize): u32 {
  return <u32> (at - readU32(table + TABLE_SLOTS)) / readU32(table + TABLE_SLOT_BYTES);
}

export function isTaken(slot: usize): bool {
  return readU32(slot + SLOT_STATE) != 0;
}

/** Address of the key's slot, 0 where it has none. */
export function find(table: usize, key: usize, bytes: u32, hash: u64): usize {
  const mask = readU32(table + TABLE_MASK);
  const index: usize = readU32(table + TABLE_INDEX);
  const tag = <u32> (hash >> 32);
  let at = <u32> hash & mask;
  while (true) {
    const entry = index + <usize> at * INDEX_ENTRY_BYTES;
    const slot = readU32(entry + 4);
    if (slot == 0) return 0;
    if (readU32(entry) == tag) {
      const found = slotAt(table, slot - 1);
      if (
        readU32(found + SLOT_KEY_BYTES) == bytes && same(found + readU32(table + TABLE_KEY), key, bytes)
      ) return found;
    }
    at = (at + 1) & mask;
  }
}

/** Gives the key a slot, zeroed but for its head; 0 when all are taken. The key has none yet. */
export function insert(table: usize, key: usize, bytes: u32, hash: u64): usize {
  let slot = readU32(table + TABLE_FREE);
  let at: usize;
  if (slot != 0) {
    slot--;
    at = slotAt(table, slot);
    writeU32(table + TABLE_FREE, readU32(at + SLOT_NEXT_FREE));
  } else {
    slot = readU32(table + TABLE_USED);
    if (slot == readU32(table + TABLE_CAPACITY)) return 0;
    writeU32(table + TABLE_USED, slot + 1);
    at = slotAt(table, slot);
  }
  clear(at, readU32(table + TABLE_SLOT_BYTES));
  writeU32(at + SLOT_STATE, 1);
  writeU32(at + SLOT_KEY_BYTES, bytes);
  writeU64(at + SLOT_HASH, hash);
  writeU64(at + SLOT_START_NS, word(WORD_NOW_NS));
  copy(at + readU32(table + TABLE_KEY), key, bytes);
  enter(table, slot, hash);
  return at;
}

/** The slot differs from what the last snapshot says. */
export function touch(slot: usize): void {
  writeU32(slot + SLOT_EPOCH, <u32> word(WORD_EPOCH));
}

/** Frees a slot. Before the table is asked again it has to be indexed anew. */
export function remove(table: usize, slot: u32): void {
  const at = slotAt(table, slot);
  writeU32(at + SLOT_STATE, 0);
  writeU32(at + SLOT_NEXT_FREE, readU32(table + TABLE_FREE));
  writeU32(table + TABLE_FREE, slot + 1);
}

/** Builds the index anew, over as many entries as the table's mask says. */
export function reindex(table: usize): void {
  clear(readU32(table + TABLE_INDEX), <usize> (readU32(table + TABLE_MASK) + 1) * INDEX_ENTRY_BYTES);
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (isTaken(at)) enter(table, slot, readU64(at + SLOT_HASH));
  }
}

function enter(table: usize, slot: u32, hash: u64): void {
  const mask = readU32(table + TABLE_MASK);
  const index: usize = readU32(table + TABLE_INDEX);
  let at = <u32> hash & mask;
  while (readU32(index + <usize> at * INDEX_ENTRY_BYTES + 4) != 0) at = (at + 1) & mask;
  const entry = index + <usize> at * INDEX_ENTRY_BYTES;
  writeU32(entry, <u32> (hash >> 32));
  writeU32(entry + 4, slot + 1);
}
