/**
 * Joins calls and the requests that they became, by the span id of the call. A side waits for the other one for some
 * seconds, in a ring of fixed size; then it is a call to, or a request from, what is not traced.
 */
import { copy, readU32, readU64, writeU32, writeU64 } from "../assembly/cursor";
import { count, setWord, word } from "../assembly/status";
import { readText, valueAt, valueBytes } from "./attributes";
import { mix, same } from "./bytes";
import { countRequest, edgeBetween } from "./edges";
import { bucketOf, exemplify, observe } from "./histogram";
import { countLatency } from "./latencies";
import {
  ATTRIBUTE_SERVER_ADDRESS,
  EDGE_CLIENT,
  EDGE_LATENCIES,
  EDGE_SERVER,
  MAX_PEER_BYTES,
  PENDING_BYTES,
  PENDING_ENTRIES,
  PENDING_HEADS_OFFSET,
  PENDING_OFFSET,
  RULES_DURATION_BOUNDS,
  RULES_OFFSET,
  WORD_ELAPSED_NS,
  WORD_PENDING_ADDED,
  WORD_PENDING_REMOVED,
  WORD_SEED,
  WORD_UNMEASURED,
} from "./memory_map";
import { endNs, failed, kind, KIND_CLIENT, parentId, spanId, traceAt } from "./row";
import { shortAt, shortBytes, shorten } from "./short_text";

/** Longer than an answer takes from a server's end to its client's. */
const WAIT_NS: u64 = 10_000_000_000;
/** Entries of a chain that are looked at. More than some belong together only if a caller uses one id for all calls. */
const MAX_STEPS: u32 = 16;

/* Entry of the ring. */
const CALL_ID: usize = 0;
const NEXT: usize = 8;
const STATE: usize = 12;
const ARRIVED_NS: usize = 16;
const RESOURCE: usize = 24;
const FLAGS: usize = 28;
const TRACE: usize = 32;
const SPAN_ID: usize = 48;
const DURATION_NS: usize = 56;
const END_NS: usize = 64;
const PEER_BYTES: usize = 72;
/** The entry + 1 of the same chain that came next. */
const NEWER: usize = 76;
const PEER: usize = 80;

/* States: an answered call stays, for servers that were asked again. */
const GONE: u32 = 0;
const CALL: u32 = 1;
const REQUEST: u32 = 2;
const ANSWERED: u32 = 3;

const FAILED: u32 = 1;
const KEPT: u32 = 2;

const MASK: u64 = PENDING_ENTRIES - 1;

function entryAt(number: u64): usize {
  return <usize> PENDING_OFFSET + <usize> (number & MASK) * PENDING_BYTES;
}

/** Where the chain of a call begins: u32 entry + 1. */
function headOf(callId: u64): usize {
  return <usize> PENDING_HEADS_OFFSET + ((<usize> mix(callId ^ word(WORD_SEED)) & <usize> MASK) << 2);
}

/** The span at hand is one side of a call; `kept` says whether it comes out. */
export function join(resource: u32, durationNs: u64, kept: bool): void {
  const isCall = kind == KIND_CLIENT;
  const callId = isCall ? spanId : parentId;
  const entry = vacant();
  writeU64(entry + CALL_ID, callId);
  writeU32(entry + STATE, isCall ? CALL : REQUEST);
  writeU32(entry + RESOURCE, resource);
  writeU32(entry + FLAGS, (failed ? FAILED : 0) | (kept ? KEPT : 0));
  copy(entry + TRACE, traceAt, 16);
  writeU64(entry + SPAN_ID, spanId);
  writeU64(entry + DURATION_NS, durationNs);
  writeU64(entry + END_NS, endNs);
  if (isCall) {
    readText(ATTRIBUTE_SERVER_ADDRESS);
    shorten(valueAt, valueBytes, MAX_PEER_BYTES);
    writeU32(entry + PEER_BYTES, shortBytes);
    copy(entry + PEER, shortAt, shortBytes);
    append(entry);
    findRequests(entry);
  } else if (callId == 0) {
    settle(entry);
  } else {
    append(entry);
    findCall(entry);
  }
}

/** Gives up waiting where it took too long, or for all. */
export function expire(all: bool): void {
  const now = word(WORD_ELAPSED_NS);
  const added = word(WORD_PENDING_ADDED);
  while (word(WORD_PENDING_REMOVED) < added) {
    const entry = entryAt(word(WORD_PENDING_REMOVED));
    if (!all && readU64(entry + ARRIVED_NS) + WAIT_NS > now && readU32(entry + STATE) != GONE) return;
    removeOldest();
  }
}

/** Forgets what a process waits for. */
export function forgetPending(resource: u32): void {
  for (let number = word(WORD_PENDING_REMOVED); number < word(WORD_PENDING_ADDED); number++) {
    const entry = entryAt(number);
    if (readU32(entry + RESOURCE) == resource) writeU32(entry + STATE, GONE);
  }
}

/** The place of the next entry. */
function vacant(): usize {
  if (word(WORD_PENDING_ADDED) - word(WORD_PENDING_REMOVED) == PENDING_ENTRIES) removeOldest();
  return entryAt(word(WORD_PENDING_ADDED));
}

/** The vacant entry waits from now on. */
function append(entry: usize): void {
  const number = word(WORD_PENDING_ADDED);
  const head = headOf(readU64(entry + CALL_ID));
  const older = readU32(head);
  writeU32(entry + NEXT, older);
  writeU32(entry + NEWER, 0);
  if (older != 0) writeU32(entryAt(older - 1) + NEWER, <u32> (number & MASK) + 1);
  writeU64(entry + ARRIVED_NS, word(WORD_ELAPSED_NS));
  writeU32(head, <u32> (number & MASK) + 1);
  setWord(WORD_PENDING_ADDED, number + 1);
}

function removeOldest(): void {
  const number = word(WORD_PENDING_REMOVED);
  const entry = entryAt(number);
  settle(entry);
  // The oldest of all is the last of its chain.
  const newer = readU32(entry + NEWER);
  writeU32(newer == 0 ? headOf(readU64(entry + CALL_ID)) : entryAt(newer - 1) + NEXT, 0);
  setWord(WORD_PENDING_REMOVED, number + 1);
}

/** Nobody answered, or was asked by anybody, that is traced. */
function settle(entry: usize): void {
  const state = readU32(entry + STATE);
  if (state == CALL) countPair(entry, 0);
  else if (state == REQUEST) countPair(0, entry);
  writeU32(entry + STATE, GONE);
}

function isOther(at: usize, entry: usize, state: u32): bool {
  return readU32(at + STATE) == state && readU64(at + CALL_ID) == readU64(entry + CALL_ID) &&
    same(at + TRACE, entry + TRACE, 16);
}

/** A request looks for its call. */
function findCall(entry: usize): void {
  let link = readU32(entry + NEXT);
  for (let step: u32 = 0; link != 0 && step < MAX_STEPS; step++) {
    const at = entryAt(link - 1);
    if (isOther(at, entry, CALL)) {
      countPair(at, entry);
      writeU32(at + STATE, ANSWERED);
      writeU32(entry + STATE, GONE);
      return;
    }
    if (isOther(at, entry, ANSWERED)) {
      again(at, entry);
      return;
    }
    link = readU32(at + NEXT);
  }
}

/** A call looks for its requests: more than one where it was sent again. */
function findRequests(entry: usize): void {
  let link = readU32(entry + NEXT);
  for (let step: u32 = 0; link != 0 && step < MAX_STEPS; step++) {
    const at = entryAt(link - 1);
    if (isOther(at, entry, REQUEST)) {
      if (readU32(entry + STATE) == ANSWERED) {
        again(entry, at);
      } else {
        countPair(entry, at);
        writeU32(entry + STATE, ANSWERED);
        writeU32(at + STATE, GONE);
      }
    }
    link = readU32(at + NEXT);
  }
}

/** One more request of a call whose own duration has been counted. */
function again(call: usize, request: usize): void {
  const edge = edgeBetween(readU32(call + RESOURCE), readU32(request + RESOURCE), call, 0);
  writeU32(request + STATE, GONE);
  if (edge == 0) {
    count(WORD_UNMEASURED);
    return;
  }
  countRequest(edge, (readU32(request + FLAGS) & FAILED) != 0);
  countLatency(edge + EDGE_LATENCIES, readU64(request + DURATION_NS));
  observeSide(edge + EDGE_SERVER, request);
}

/** One request; a side that is not traced is 0. */
function countPair(call: usize, request: usize): void {
  const edge = request == 0
    ? edgeBetween(readU32(call + RESOURCE), 0, call + PEER, readU32(call + PEER_BYTES))
    : edgeBetween(call == 0 ? 0 : readU32(call + RESOURCE), readU32(request + RESOURCE), request, 0);
  if (edge == 0) {
    count(WORD_UNMEASURED);
    return;
  }
  const flags = (call == 0 ? 0 : readU32(call + FLAGS)) | (request == 0 ? 0 : readU32(request + FLAGS));
  countRequest(edge, (flags & FAILED) != 0);
  countLatency(edge + EDGE_LATENCIES, readU64((request == 0 ? call : request) + DURATION_NS));
  if (call != 0) observeSide(edge + EDGE_CLIENT, call);
  if (request != 0) observeSide(edge + EDGE_SERVER, request);
}

function observeSide(histogram: usize, entry: usize): void {
  const durationNs = readU64(entry + DURATION_NS);
  const bucket = bucketOf(<usize> RULES_OFFSET + RULES_DURATION_BOUNDS, durationNs);
  observe(histogram, bucket, durationNs);
  if ((readU32(entry + FLAGS) & KEPT) == 0) return;
  exemplify(histogram, bucket, durationNs, entry + TRACE, readU64(entry + SPAN_ID), readU64(entry + END_NS));
}
