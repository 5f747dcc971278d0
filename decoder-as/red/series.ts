/**
 * The histograms over spans: for each metric, series by process and the attributes that the rules select. A metric
 * beyond its budget falls into one overflowing series for each process. Called by stage.ts and the host's seeding.
 */
import { copy, readU32, readU8, writeU32, writeU64, writeU8 } from "../assembly/cursor";
import { count, setWord, word } from "../assembly/status";
import { NUMBER, numberOf, readText, TEXT, typeOf, valueAt, valueBytes } from "./attributes";
import { hash, mix } from "./bytes";
import { bucketOf, exemplify, observe } from "./histogram";
import {
  MAX_TEXT_BYTES,
  RULES_DURATION_BOUNDS,
  RULES_METRIC_BYTES,
  RULES_METRICS,
  RULES_OFFSET,
  RULES_SIZE_BOUNDS,
  SCRATCH_KEY_OFFSET,
  SERIES_HISTOGRAM,
  SERIES_KEY,
  SERIES_KEY_BYTES,
  SERIES_OVERFLOWING,
  TABLE_SERIES,
  WORD_CHANGES,
  WORD_MAX_SERIES,
  WORD_OVERFLOWED,
  WORD_SEED,
  WORD_SERIES,
  WORD_SERIES_OVERFLOWING,
  WORD_UNMEASURED,
} from "./memory_map";
import { endNs, spanId, traceAt } from "./row";
import { shortAt, shortBytes, shorten } from "./short_text";
import { find, insert, isTaken, reindex, remove, slotAt, tableAt, touch, usedSlots } from "./table";

/** Metrics below are durations, others sizes. */
const DURATIONS: u32 = 2;

const KEY: usize = SCRATCH_KEY_OFFSET;
const KEY_END: usize = SCRATCH_KEY_OFFSET + SERIES_KEY_BYTES;
const HEAD_BYTES: u32 = 6;
const ATTRIBUTE_ABSENT: u32 = 0;
const ATTRIBUTE_TEXT: u32 = 1;
const ATTRIBUTE_NUMBER: u32 = 2;
const NO_METRIC: u32 = 0xff;
const HEAD_FACTOR: u64 = 0x9e3779b97f4a7c15;

/**
 * The metric whose attributes lie behind the key's head, their hash, and the key's bytes; 0 when they are too long for
 * a key.
 */
let keyOf: u32 = NO_METRIC;
let attributesHash: u64 = 0;
let keyBytes: u32 = 0;

function metricAt(metric: u32): usize {
  return <usize> RULES_OFFSET + RULES_METRICS + metric * RULES_METRIC_BYTES;
}

/** Another span is at hand. */
export function beginSeries(): void {
  keyOf = NO_METRIC;
}

/** Adds a value of the span at hand to a metric. */
export function measure(metric: u32, resource: u32, value: u64, kept: bool): void {
  const like = readU32(metricAt(metric));
  if (keyOf != like) {
    keyOf = like;
    keyBytes = writeAttributes(metricAt(metric));
    hashAttributes(keyBytes);
  }
  const slot = seriesOf(metric, resource, keyBytes);
  if (slot == 0) {
    count(WORD_UNMEASURED);
    return;
  }
  const bounds = RULES_OFFSET + (metric < DURATIONS ? RULES_DURATION_BOUNDS : RULES_SIZE_BOUNDS);
  const bucket = bucketOf(bounds, value);
  observe(slot + SERIES_HISTOGRAM, bucket, value);
  if (kept) exemplify(slot + SERIES_HISTOGRAM, bucket, value, traceAt, spanId, endNs);
  touch(slot);
  count(WORD_CHANGES);
}

function hashAttributes(bytes: u32): void {
  attributesHash = bytes == 0 ? 0 : hash(KEY + HEAD_BYTES, bytes - HEAD_BYTES, word(WORD_SEED));
}

function withHead(metric: u32, resource: u32): u64 {
  return mix(attributesHash ^ (<u64> resource << 8 | <u64> metric) * HEAD_FACTOR);
}

/** The series of the key in scratch, or the overflowing one, or 0. */
function seriesOf(metric: u32, resource: u32, bytes: u32): usize {
  const table = tableAt(TABLE_SERIES);
  const budget = WORD_SERIES + metric;
  if (bytes != 0) {
    writeHead(KEY, metric, false, resource);
    const digest = withHead(metric, resource);
    const known = find(table, KEY, bytes, digest);
    if (known != 0) return known;
    if (word(budget) < word(WORD_MAX_SERIES)) {
      const added = insert(table, KEY, bytes, digest);
      if (added != 0) {
        count(budget);
        return added;
      }
    }
  }
  count(WORD_OVERFLOWED + metric);
  const head = KEY_END;
  writeHead(head, metric, true, resource);
  const digest = hash(head, HEAD_BYTES, word(WORD_SEED));
  const known = find(table, head, HEAD_BYTES, digest);
  if (known != 0 || word(WORD_SERIES_OVERFLOWING) >= <u64> SERIES_OVERFLOWING) return known;
  const added = insert(table, head, HEAD_BYTES, digest);
  if (added != 0) count(WORD_SERIES_OVERFLOWING);
  return added;
}

function writeHead(to: usize, metric: u32, overflow: bool, resource: u32): void {
  writeU8(to, metric);
  writeU8(to + 1, overflow ? 1 : 0);
  writeU32(to + 2, resource);
}

/** Writes the selected attributes behind the key's head; yields the bytes of the key, 0 when it has no room. */
function writeAttributes(rules: usize): u32 {
  const selected = readU32(rules + 4);
  let to = KEY + HEAD_BYTES;
  for (let index: u32 = 0; index < selected; index++) {
    if (to + 2 + MAX_TEXT_BYTES > KEY_END) return 0;
    const attribute = readU8(rules + 8 + index);
    const type = typeOf(attribute);
    if (type == TEXT) {
      readText(attribute);
      shorten(valueAt, valueBytes, MAX_TEXT_BYTES);
      writeU8(to, ATTRIBUTE_TEXT);
      writeU8(to + 1, shortBytes);
      to = copy(to + 2, shortAt, shortBytes);
    } else if (type == NUMBER) {
      writeU8(to, ATTRIBUTE_NUMBER);
      writeU64(to + 1, numberOf(attribute));
      to += 9;
    } else {
      writeU8(to, ATTRIBUTE_ABSENT);
      to++;
    }
  }
  return <u32> (to - KEY);
}

/** Takes the key in scratch, as slots have it, into its budget. */
export function seedSeries(bytes: u32): void {
  hashAttributes(bytes);
  seriesOf(readU8(KEY), readU32(KEY + 2), readU8(KEY + 1) == 0 ? bytes : 0);
}

/** Removes the series of metrics (bits), or of a process. */
export function removeSeries(metrics: u32, resource: u32): void {
  const table = tableAt(TABLE_SERIES);
  const used = usedSlots(table);
  for (let slot: u32 = 0; slot < used; slot++) {
    const at = slotAt(table, slot);
    if (!isTaken(at)) continue;
    const metric = readU8(at + SERIES_KEY);
    if (metrics == 0 ? readU32(at + SERIES_KEY + 2) != resource : (metrics >> metric & 1) == 0) continue;
    const budget = readU8(at + SERIES_KEY + 1) != 0 ? WORD_SERIES_OVERFLOWING : WORD_SERIES + metric;
    setWord(budget, word(budget) - 1);
    remove(table, slot);
  }
  reindex(table);
}
