/**
 * The paths of a process as a tree of segments, in which a place with too many different values collapses to the
 * wildcard. Bounded over all processes; where it is full, segments that are not in it count as wildcards.
 */
import { copy, readU32, writeU32 } from "../assembly/cursor";
import { word } from "../assembly/status";
import { hash } from "./bytes";
import {
  MAX_SEGMENT_TEXT_BYTES,
  MAX_SEGMENT_VALUES,
  SCRATCH_KEY_OFFSET,
  SEGMENT_CHILDREN,
  SEGMENT_COLLAPSED,
  SEGMENT_KEY,
  SLOT_KEY_BYTES,
  TABLE_SEGMENTS,
  WORD_SEED,
} from "./memory_map";
import { find, insert, isTaken, reindex, remove, slotAt, slotOf, tableAt, usedSlots } from "./table";

const KEY: usize = SCRATCH_KEY_OFFSET;
const PARENT_BYTES: u32 = 4;

/** The node that `descend` goes on from, 0 below what the tree has room for. */
let node: usize = 0;

/** The child of a node by its segment; 0: there is none. An empty segment is the child of a collapsed node. */
function child(table: usize, parent: u32, at: usize, bytes: u32): usize {
  writeU32(KEY, parent);
  copy(KEY + PARENT_BYTES, at, bytes);
  return find(table, KEY, PARENT_BYTES + bytes, hash(KEY, PARENT_BYTES + bytes, word(WORD_SEED)));
}

/** Adds the child that was looked for last. */
function grow(table: usize, bytes: u32): usize {
  return insert(table, KEY, PARENT_BYTES + bytes, hash(KEY, PARENT_BYTES + bytes, word(WORD_SEED)));
}

/** Goes to the root of a process; false when the tree has no room for it. */
export function beginTree(resource: u32): bool {
  const table = tableAt(TABLE_SEGMENTS);
  writeU32(KEY + 16, resource);
  node = child(table, 0, KEY + 16, 4);
  if (node == 0) node = grow(table, 4);
  return node != 0;
}

/** Goes one segment down; whether the segment is one of few values. */
export function descend(at: usize, bytes: u32): bool {
  if (node == 0) return false;
  const table = tableAt(TABLE_SEGMENTS);
  const parent = slotOf(table, node) + 1;
  if (readU32(node + SEGMENT_COLLAPSED) == 0 && bytes <= <u32> MAX_SEGMENT_TEXT_BYTES && bytes > 0) {
    const known = child(table, parent, at, bytes);
    if (known != 0) {
      node = known;
      return true;
    }
    const children = readU32(node + SEGMENT_CHILDREN);
    if (children < <u32> MAX_SEGMENT_VALUES) {
      const added = grow(table, bytes);
      if (added != 0) writeU32(node + SEGMENT_CHILDREN, children + 1);
      node = added;
      return added != 0;
    }
    writeU32(node + SEGMENT_COLLAPSED, 1);
    prune(table);
  }
  const any = child(table, parent, at, 0);
  node = any != 0 ? any : grow(table, 0);
  return false;
}

/** The place below the node at hand is known to have too many values. */
export function collapse(): void {
  if (node != 0) writeU32(node + SEGMENT_COLLAPSED, 1);
}

/** Whether a node is the root of a process, or reached from one without passing a value of a collapsed node. */
function isReachable(table: usize, at: usize): bool {
  while (true) {
    const parent = readU32(at + SEGMENT_KEY);
    if (parent == 0) return isTaken(at);
    const above = slotAt(table, parent - 1);
    if (!isTaken(above)) return false;
    if (readU32(above + SEGMENT_COLLAPSED) != 0 && readU32(at + SLOT_KEY_BYTES) != PARENT_BYTES) return false;
    at = above;
  }
}

/**
 * Frees what can no longer be reached. A slot is free before its children are looked at or is found unreachable with
 * them, since none is taken anew meanwhile.
 */
function prune(table: usize): void {
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (isTaken(at) && !isReachable(table, at)) remove(table, slot);
  }
  reindex(table);
}

/** Forgets the paths of a process. */
export function forgetTree(resource: u32): void {
  if (!beginTree(resource)) return;
  const table = tableAt(TABLE_SEGMENTS);
  remove(table, slotOf(table, node));
  prune(table);
}
