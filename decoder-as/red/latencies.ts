/**
 * Latencies of server requests by method, route and failure, in fine buckets, for the page. Called by stage.ts; graph.ts
 * has its own of edges.
 */
import { copy, readU32, readU64, readU8, writeU32, writeU8 } from "../assembly/cursor";
import { count, setWord, word } from "../assembly/status";
import { ATTRIBUTE_METHOD, ATTRIBUTE_ROUTE } from "./memory_map";
import { readText, valueAt, valueBytes } from "./attributes";
import { add, hash } from "./bytes";
import {
  LATENCY_BOUNDS_OFFSET,
  LATENCY_COUNT,
  LATENCY_COUNTS,
  LATENCY_FIRST_OFFSET,
  LATENCY_KEY,
  LATENCY_REGULAR,
  LATENCY_SUM,
  MAX_TEXT_BYTES,
  SCRATCH_KEY_OFFSET,
  TABLE_LATENCIES,
  WORD_CHANGES,
  WORD_LATENCIES,
  WORD_OVERFLOWED_LATENCIES,
  WORD_SEED,
  WORD_UNMEASURED,
} from "./memory_map";
import { failed } from "./row";
import { shortAt, shortBytes, shorten } from "./short_text";
import { find, insert, isTaken, reindex, remove, slotAt, tableAt, touch, usedSlots } from "./table";

const KEY: usize = SCRATCH_KEY_OFFSET + 1024;
const HEAD_BYTES: usize = 7;
const MAX_METHOD_BYTES: u32 = 16;
const LAST_BUCKET: u32 = 255;

/** Adds the server span at hand. */
export function measureLatency(resource: u32, durationNs: u64): void {
  const slot = latencyOf(resource);
  if (slot == 0) {
    count(WORD_UNMEASURED);
    return;
  }
  add(slot + LATENCY_COUNT, 1);
  add(slot + LATENCY_SUM, durationNs);
  countLatency(slot + LATENCY_COUNTS, durationNs);
  touch(slot);
  count(WORD_CHANGES);
}

/** Takes the key in scratch, as slots have it, into the budget. */
export function seedLatency(bytes: u32): void {
  keyed(min<u32>(bytes, <u32> HEAD_BYTES + MAX_METHOD_BYTES + MAX_TEXT_BYTES));
}

/** Adds one to the fine bucket of a duration. */
export function countLatency(buckets: usize, durationNs: u64): void {
  const at = buckets + (bucketOf(durationNs) << 2);
  writeU32(at, readU32(at) + 1);
}

function bucketOf(durationNs: u64): u32 {
  if (durationNs == 0) return 0;
  const power = 63 - <u32> clz(durationNs);
  let bucket = readU8(<usize> LATENCY_FIRST_OFFSET + power);
  while (bucket < LAST_BUCKET && durationNs > readU64(<usize> LATENCY_BOUNDS_OFFSET + (bucket << 3))) {
    bucket++;
  }
  return bucket;
}

function latencyOf(resource: u32): usize {
  readText(ATTRIBUTE_METHOD);
  shorten(valueAt, valueBytes, MAX_METHOD_BYTES);
  writeHead(resource, failed, false, shortBytes);
  const route = copy(KEY + HEAD_BYTES, shortAt, shortBytes);
  readText(ATTRIBUTE_ROUTE);
  shorten(valueAt, valueBytes, MAX_TEXT_BYTES);
  return keyed(<u32> (copy(route, shortAt, shortBytes) - KEY));
}

function writeHead(resource: u32, hasFailed: bool, overflow: bool, methodBytes: u32): void {
  writeU32(KEY, resource);
  writeU8(KEY + 4, hasFailed ? 1 : 0);
  writeU8(KEY + 5, overflow ? 1 : 0);
  writeU8(KEY + 6, methodBytes);
}

/** The slot of the key in scratch, or the overflowing one of its process, or 0. */
function keyed(bytes: u32): usize {
  const table = tableAt(TABLE_LATENCIES);
  const digest = hash(KEY, bytes, word(WORD_SEED));
  const known = find(table, KEY, bytes, digest);
  if (known != 0) return known;
  if (word(WORD_LATENCIES) < <u64> LATENCY_REGULAR) {
    const added = insert(table, KEY, bytes, digest);
    if (added != 0) {
      count(WORD_LATENCIES);
      return added;
    }
  }
  count(WORD_OVERFLOWED_LATENCIES);
  writeHead(readU32(KEY), readU8(KEY + 4) != 0, true, 0);
  const overflow = hash(KEY, <u32> HEAD_BYTES, word(WORD_SEED));
  const there = find(table, KEY, <u32> HEAD_BYTES, overflow);
  return there != 0 ? there : insert(table, KEY, <u32> HEAD_BYTES, overflow);
}

/** Removes those of a process. */
export function removeLatencies(resource: u32): void {
  const table = tableAt(TABLE_LATENCIES);
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (!isTaken(at) || readU32(at + LATENCY_KEY) != resource) continue;
    if (readU8(at + LATENCY_KEY + 5) == 0) setWord(WORD_LATENCIES, word(WORD_LATENCIES) - 1);
    remove(table, slot);
  }
  reindex(table);
}
