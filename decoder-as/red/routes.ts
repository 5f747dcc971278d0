/**
 * Gives a server span that has no route of its own one: by the patterns of its process, else as `unmatched` says.
 * Called by stage.ts. What heuristic and tree have learnt about a process is bounded and goes when it is forgotten.
 */
import { copy, readU32, writeU32, writeU64 } from "../assembly/cursor";
import { word } from "../assembly/status";
import { withoutCutSequence } from "../assembly/text";
import { hash, same } from "./bytes";
import {
  MAX_HEURISTIC_ROUTES,
  MAX_ROUTE_SEGMENTS,
  MAX_TEXT_BYTES,
  ROUTE_COUNT,
  ROUTE_KEY,
  RULES_OFFSET,
  RULES_ROUTES,
  SCRATCH_KEY_OFFSET,
  SCRATCH_ROUTE_OFFSET,
  TABLE_ROUTES,
  UNMATCHED_HEURISTIC,
  UNMATCHED_LOW_CARDINALITY,
  UNMATCHED_PATH,
  UNMATCHED_WILDCARD,
  WORD_SEED,
} from "./memory_map";
import { findPattern, PATTERN_BYTES, segmentAt, segmentBytes, segments, splitPath } from "./path";
import { find, insert, isTaken, reindex, remove, slotAt, tableAt, usedSlots } from "./table";
import { beginTree, collapse, descend } from "./tree";
import { isName } from "./words";

/* Rules: u32 patterns, u32 address of them, u32 ignored patterns, u32 address, u32 IGNORE_*, u32 UNMATCHED_*,
 * u32 address and u32 bytes of the wildcard. */
const ROUTE_RULES_BYTES: u32 = 32;

/** Longest route that heuristic and tree put together, without what stands for the rest. */
const MAX_ROUTE_BYTES: u32 = 240;
const ROUTE: usize = SCRATCH_ROUTE_OFFSET;
const KEY: usize = SCRATCH_KEY_OFFSET;
const SET_KEY_BYTES: u32 = 12;

/** Result of `findRoute`; without a route there are 0 bytes. */
export let routeAt: usize = 0;
export let routeBytes: u32 = 0;

/** The rules of a number, of 0 where there are no such ones. */
export function routeRules(number: u32): usize {
  const count = readU32(<usize> RULES_OFFSET + RULES_ROUTES);
  const first: usize = readU32(<usize> RULES_OFFSET + RULES_ROUTES + 4);
  if (number >= count) number = 0;
  return first + <usize> (number * ROUTE_RULES_BYTES);
}

/** IGNORE_* bits for a path: 0 where no ignored pattern matches. */
export function ignoring(rules: usize, path: usize, bytes: u32): u32 {
  const count = readU32(rules + 8);
  if (count == 0 || !splitPath(path, bytes)) return 0;
  return findPattern(readU32(rules + 12), count) == 0 ? 0 : readU32(rules + 16);
}

/**
 * Leaves in routeAt and routeBytes the route of a path. `notFound`: the answer was 404, so the path may be anything
 * that somebody tried; it teaches nothing, and only a route that is known already is its own.
 */
export function findRoute(rules: usize, resource: u32, path: usize, bytes: u32, notFound: bool): void {
  routeBytes = 0;
  if (!splitPath(path, bytes)) return;
  const pattern = findPattern(readU32(rules + 4), readU32(rules));
  if (pattern != 0) {
    routeAt = readU32(pattern + PATTERN_BYTES - 8);
    routeBytes = readU32(pattern + PATTERN_BYTES - 4);
    return;
  }
  switch (readU32(rules + 20)) {
    case UNMATCHED_PATH:
      routeAt = path;
      routeBytes = bytes <= <u32> MAX_TEXT_BYTES ? bytes : withoutCutSequence(path, MAX_TEXT_BYTES);
      break;
    case UNMATCHED_WILDCARD:
      anyRoute();
      break;
    case UNMATCHED_HEURISTIC:
      putTogether(rules, false);
      if (isLearnt(resource, !notFound)) break;
      if (notFound) routeBytes = 0;
      else anyRoute();
      break;
    case UNMATCHED_LOW_CARDINALITY:
      if (notFound) break;
      if (beginTree(resource)) putTogether(rules, true);
      else anyRoute();
      break;
  }
}

/** The route of everything: "/**". */
function anyRoute(): void {
  routeAt = ROUTE;
  routeBytes = <u32> (rest(ROUTE) - ROUTE);
}

/** Writes the "/**" that stands for any further segments. */
function rest(to: usize): usize {
  writeU32(to, 0x002a2a2f);
  return to + 3;
}

/** Puts the route together, segment by segment: a name stays, what varies becomes the wildcard. */
function putTogether(rules: usize, byTree: bool): void {
  const wildcard: usize = readU32(rules + 24);
  const wildcardBytes = readU32(rules + 28);
  let to = ROUTE;
  for (let index: u32 = 0; index < segments; index++) {
    const at = segmentAt(index);
    const bytes = segmentBytes(index);
    const isFixed = index < <u32> MAX_ROUTE_SEGMENTS && (byTree ? descend(at, bytes) : isName(at, bytes));
    const text = isFixed ? at : wildcard;
    const textBytes = isFixed ? bytes : wildcardBytes;
    if (index == MAX_ROUTE_SEGMENTS || <u32> (to - ROUTE) + textBytes >= MAX_ROUTE_BYTES) {
      to = rest(to);
      break;
    }
    writeU32(to, 0x2f);
    to = copy(to + 1, text, textBytes);
  }
  if (to == ROUTE) {
    writeU32(to, 0x2f);
    to++;
  }
  routeAt = ROUTE;
  routeBytes = <u32> (to - ROUTE);
}

/** Whether the route at hand is one of the few that the heuristic may find in a process; `learn`: also a new one. */
function isLearnt(resource: u32, learn: bool): bool {
  const table = tableAt(TABLE_ROUTES);
  const digest = hash(routeAt, routeBytes, word(WORD_SEED)) | 1;
  if (findKey(table, resource, digest) != 0) return true;
  if (!learn) return false;
  let count = findKey(table, resource, 0);
  if (count == 0) count = insertKey(table, resource, 0);
  if (count == 0 || readU32(count + ROUTE_COUNT) >= <u32> MAX_HEURISTIC_ROUTES) return false;
  if (insertKey(table, resource, digest) == 0) return false;
  writeU32(count + ROUTE_COUNT, readU32(count + ROUTE_COUNT) + 1);
  return true;
}

function keyHash(resource: u32, digest: u64): u64 {
  writeU32(KEY, resource);
  writeU64(KEY + 4, digest);
  return hash(KEY, SET_KEY_BYTES, word(WORD_SEED));
}

function findKey(table: usize, resource: u32, digest: u64): usize {
  return find(table, KEY, SET_KEY_BYTES, keyHash(resource, digest));
}

function insertKey(table: usize, resource: u32, digest: u64): usize {
  return insert(table, KEY, SET_KEY_BYTES, keyHash(resource, digest));
}

/** A route was found for a process before this stage was there. */
export function learnRoute(resource: u32, at: usize, bytes: u32): void {
  routeAt = at;
  routeBytes = bytes;
  isLearnt(resource, true);
  if (!beginTree(resource) || !splitPath(at, bytes)) return;
  const rules = routeRules(0);
  for (let index: u32 = 0; index < min<u32>(segments, MAX_ROUTE_SEGMENTS); index++) {
    const bytes = segmentBytes(index);
    if (bytes == readU32(rules + 28) && same(segmentAt(index), readU32(rules + 24), bytes)) collapse();
    descend(segmentAt(index), bytes);
  }
}

/** What the heuristic has learnt about a process is forgotten. */
export function forgetRoutes(resource: u32): void {
  const table = tableAt(TABLE_ROUTES);
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (isTaken(at) && readU32(at + ROUTE_KEY) == resource) remove(table, slot);
  }
  reindex(table);
}
