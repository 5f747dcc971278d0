/** Requests between two processes, or a process and the outside. Called by graph.ts, which knows who called whom. */
import { copy, readU32, readU8, writeU32, writeU8 } from "../assembly/cursor";
import { count, setWord, word } from "../assembly/status";
import { add, hash } from "./bytes";
import {
  EDGE_CAPACITY,
  EDGE_FAILED,
  EDGE_KEY,
  EDGE_REQUESTS,
  MAX_PEER_BYTES,
  SCRATCH_KEY_OFFSET,
  TABLE_EDGES,
  WORD_CHANGES,
  WORD_EDGES,
  WORD_OVERFLOWED_EDGES,
  WORD_SEED,
} from "./memory_map";
import { find, insert, isTaken, reindex, remove, slotAt, tableAt, touch, usedSlots } from "./table";

const KEY: usize = SCRATCH_KEY_OFFSET + 1024;
const HEAD_BYTES: u32 = 9;
/** One slot is for the overflowing edge. */
const REGULAR: u32 = EDGE_CAPACITY - 1;

function writeHead(client: u32, server: u32, overflow: bool): void {
  writeU32(KEY, client);
  writeU32(KEY + 4, server);
  writeU8(KEY + 8, overflow ? 1 : 0);
}

/** The edge of the key in scratch, which may be a new one; 0 where there is no room. */
function edgeOf(bytes: u32, limit: u32): usize {
  const table = tableAt(TABLE_EDGES);
  const digest = hash(KEY, bytes, word(WORD_SEED));
  const known = find(table, KEY, bytes, digest);
  if (known != 0 || word(WORD_EDGES) >= limit) return known;
  const added = insert(table, KEY, bytes, digest);
  if (added != 0) count(WORD_EDGES);
  return added;
}

/** The edge between two sides; peer is the address of the one that is not traced. */
export function edgeBetween(client: u32, server: u32, peer: usize, peerBytes: u32): usize {
  writeHead(client, server, false);
  copy(KEY + HEAD_BYTES, peer, peerBytes);
  const edge = edgeOf(HEAD_BYTES + peerBytes, REGULAR);
  if (edge != 0) return edge;
  count(WORD_OVERFLOWED_EDGES);
  writeHead(0, 0, true);
  return edgeOf(HEAD_BYTES, EDGE_CAPACITY);
}

/** Takes the key in scratch, as slots have it, into the budget. */
export function seedEdge(bytes: u32): void {
  edgeOf(min<u32>(bytes, HEAD_BYTES + MAX_PEER_BYTES), readU8(KEY + 8) == 0 ? REGULAR : EDGE_CAPACITY);
}

/** Counts one request of an edge. */
export function countRequest(edge: usize, failed: bool): void {
  add(edge + EDGE_REQUESTS, 1);
  if (failed) add(edge + EDGE_FAILED, 1);
  touch(edge);
  count(WORD_CHANGES);
}

/** Removes all edges, or those of a process. */
export function removeEdges(all: bool, resource: u32): void {
  const table = tableAt(TABLE_EDGES);
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (!isTaken(at)) continue;
    if (!all && readU32(at + EDGE_KEY) != resource && readU32(at + EDGE_KEY + 4) != resource) continue;
    setWord(WORD_EDGES, word(WORD_EDGES) - 1);
    remove(table, slot);
  }
  reindex(table);
}
