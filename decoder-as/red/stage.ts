/**
 * The loop over rows: gives routes, measures, and leaves out what rules leave out. Called by abi.ts. No input traps;
 * what cannot be read comes out as it went in.
 */
import { find, readU32, writeU32 } from "../assembly/cursor";
import { count, setWord, word } from "../assembly/status";
import { ABSENT, NUMBER, numberOf, readText, setText, TEXT, typeOf, valueAt, valueBytes } from "./attributes";
import { passesFilters } from "./filters";
import { expire, join } from "./graph";
import { measureLatency } from "./latencies";
import {
  ATTRIBUTE_FULL_URL,
  ATTRIBUTE_PATH,
  ATTRIBUTE_REQUEST_SIZE,
  ATTRIBUTE_RESPONSE_SIZE,
  ATTRIBUTE_ROUTE,
  ATTRIBUTE_SCHEME,
  ATTRIBUTE_STATUS,
  FEATURE_EDGES,
  FEATURE_SERIES,
  IGNORE_METRICS,
  IGNORE_TRACES,
  INPUT_OFFSET,
  OUTPUT_BYTES,
  OUTPUT_OFFSET,
  ROWS_CAPACITY,
  ROWS_OFFSET,
  WORD_FEATURES,
  WORD_FILTERED,
  WORD_IGNORED,
  WORD_NOT_EXPORTED,
  WORD_ROWS,
  WORD_SAMPLED_OUT,
  WORD_SPANS,
  WORD_UNREADABLE,
} from "./memory_map";
import { findProcess, hasMetrics, hasTraces, isFiltered, resource, routes } from "./processes";
import { GROWTH_BYTES, writeRouted } from "./rewrite";
import { findRoute, ignoring, routeAt, routeBytes, routeRules } from "./routes";
import { endNs, kind, KIND_SERVER, readRow, sampled, startNs } from "./row";
import { beginSeries, measure } from "./series";

const OUTPUT_END: usize = OUTPUT_OFFSET + OUTPUT_BYTES;
const ROW_HEAD_BYTES: u32 = 8;
const ROW_BYTES: u32 = 12;
const ROWS_END: usize = ROWS_OFFSET + ROWS_CAPACITY * 12;

/** Where the next span that is written anew, and the next row that comes out, go. */
let out: usize = OUTPUT_OFFSET;
let row: usize = ROWS_OFFSET;

/** Durations and sizes beyond are cut, or passed over: they come of a clock or a decoder that is wrong. */
const MAX_DURATION_NS: u64 = 1 << 53;
const MAX_SIZE_BYTES: u64 = 1 << 53;

const SERVER_DURATION: u32 = 0;
const CLIENT_DURATION: u32 = 1;
const SERVER_REQUEST_SIZE: u32 = 2;
const SERVER_RESPONSE_SIZE: u32 = 3;
const CLIENT_REQUEST_SIZE: u32 = 4;
const CLIENT_RESPONSE_SIZE: u32 = 5;

const NOT_FOUND: u64 = 404;

const COLON: u32 = 58;
const SLASH: u32 = 47;
const QUESTION_MARK: u32 = 63;
const HASH: u32 = 35;

/** Takes whole rows from the input until it is done or the output full; yields the bytes taken. */
export function runRows(bytes: u32): u32 {
  const end = <usize> INPUT_OFFSET + bytes;
  let at: usize = INPUT_OFFSET;
  out = OUTPUT_OFFSET;
  row = ROWS_OFFSET;
  expire(false);
  while (at + ROW_HEAD_BYTES <= end && row < ROWS_END) {
    const rowBytes = readU32(at + 4);
    if (rowBytes > <u32> (end - at) - ROW_HEAD_BYTES) break;
    if (<u32> (OUTPUT_END - out) < rowBytes + GROWTH_BYTES) break;
    takeRow(readU32(at), at + ROW_HEAD_BYTES, rowBytes);
    at += ROW_HEAD_BYTES + rowBytes;
  }
  setWord(WORD_ROWS, <u64> (row - ROWS_OFFSET) / ROW_BYTES);
  return <u32> (at - INPUT_OFFSET);
}

/** A span comes out. */
function emit(pid: u32, at: usize, bytes: u32): void {
  writeU32(row, pid);
  writeU32(row + 4, <u32> at);
  writeU32(row + 8, bytes);
  row += ROW_BYTES;
}

function takeRow(pid: u32, at: usize, bytes: u32): void {
  count(WORD_SPANS);
  if (!readRow(at, bytes)) {
    count(WORD_UNREADABLE);
    emit(pid, at, bytes);
    return;
  }
  findProcess(pid);
  const rules = routeRules(routes);
  if (kind != KIND_SERVER) splitUrl();
  let ignored: u32 = 0;
  let hasNewRoute = false;
  if (typeOf(ATTRIBUTE_PATH) == TEXT) {
    readText(ATTRIBUTE_PATH);
    const path = valueAt;
    const pathBytes = valueBytes;
    ignored = ignoring(rules, path, pathBytes);
    if (
      kind == KIND_SERVER && ignored != (IGNORE_TRACES | IGNORE_METRICS) && typeOf(ATTRIBUTE_ROUTE) == ABSENT
    ) {
      const notFound = typeOf(ATTRIBUTE_STATUS) == NUMBER && numberOf(ATTRIBUTE_STATUS) == NOT_FOUND;
      findRoute(rules, resource, path, pathBytes, notFound);
      hasNewRoute = routeBytes > 0;
      if (hasNewRoute) setText(ATTRIBUTE_ROUTE, routeAt, routeBytes);
    }
  }
  const passes = !isFiltered && passesFilters();
  const kept = (ignored & IGNORE_TRACES) == 0 && passes && hasTraces && sampled;
  if (passes && hasMetrics && (ignored & IGNORE_METRICS) == 0) measureSpan(kept);
  if (kept) {
    if (hasNewRoute) {
      const from = out;
      out = writeRouted(out, routeAt, routeBytes);
      emit(pid, from, <u32> (out - from));
    } else {
      emit(pid, at, bytes);
    }
  } else if (ignored & IGNORE_TRACES) {
    count(WORD_IGNORED);
  } else if (!passes) {
    count(WORD_FILTERED);
  } else {
    count(hasTraces ? WORD_SAMPLED_OUT : WORD_NOT_EXPORTED);
  }
}

/** Gives a client span what is known of it by its URL only: url.scheme and url.path. */
function splitUrl(): void {
  if (typeOf(ATTRIBUTE_FULL_URL) != TEXT) return;
  readText(ATTRIBUTE_FULL_URL);
  const url = valueAt;
  const bytes = valueBytes;
  const colon = find(url, bytes, COLON);
  if (colon + 3 > bytes || find(url + colon + 1, 1, SLASH) != 0 || find(url + colon + 2, 1, SLASH) != 0) {
    return;
  }
  if (typeOf(ATTRIBUTE_SCHEME) == ABSENT) setText(ATTRIBUTE_SCHEME, url, colon);
  if (typeOf(ATTRIBUTE_PATH) != ABSENT) return;
  const authority = url + colon + 3;
  const left = bytes - colon - 3;
  const path = find(authority, left, SLASH);
  const end = min(find(authority, left, QUESTION_MARK), find(authority, left, HASH));
  if (path < end) setText(ATTRIBUTE_PATH, authority + path, end - path);
}

function measureSpan(kept: bool): void {
  const durationNs = endNs <= startNs ? 0 : min(endNs - startNs, MAX_DURATION_NS);
  const features = <u32> word(WORD_FEATURES);
  const isServer = kind == KIND_SERVER;
  if (features & FEATURE_SERIES) {
    beginSeries();
    measure(isServer ? SERVER_DURATION : CLIENT_DURATION, resource, durationNs, kept);
    measureSize(ATTRIBUTE_REQUEST_SIZE, isServer ? SERVER_REQUEST_SIZE : CLIENT_REQUEST_SIZE, kept);
    measureSize(ATTRIBUTE_RESPONSE_SIZE, isServer ? SERVER_RESPONSE_SIZE : CLIENT_RESPONSE_SIZE, kept);
  }
  if (isServer) measureLatency(resource, durationNs);
  if (features & FEATURE_EDGES) join(resource, durationNs, kept);
}

function measureSize(attribute: u32, metric: u32, kept: bool): void {
  if (typeOf(attribute) != NUMBER) return;
  const bytes = numberOf(attribute);
  if (bytes <= MAX_SIZE_BYTES) measure(metric, resource, bytes, kept);
}
