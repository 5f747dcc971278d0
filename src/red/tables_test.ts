import assert from "node:assert/strict";
import * as map from "../../decoder-as/red/memory_map.ts";

/** Copies of 16 bytes may run over the end of a region by this much. */
const SLACK = 16;
const ENTRY = 8;

/** First byte and bytes, in order of their places. */
const REGIONS: readonly (readonly [name: string, at: number, bytes: number])[] = [
  ["status", map.STATUS_OFFSET, ENTRY * (map.WORD_EDGES + 1)],
  ["static data", map.STATIC_OFFSET, 4096],
  ["attributes", map.ATTRIBUTES_OFFSET, map.ATTRIBUTE_BYTES * map.MAX_ATTRIBUTES],
  ["tables", map.TABLES_OFFSET, map.TABLE_BYTES * map.TABLE_COUNT],
  ["key", map.SCRATCH_KEY_OFFSET, 1024 + map.SERIES_KEY_BYTES],
  ["route", map.SCRATCH_ROUTE_OFFSET, 2 * map.MAX_TEXT_BYTES],
  ["repaired text", map.SCRATCH_CLEAN_OFFSET, 3 * map.MAX_TEXT_BYTES],
  ["number", map.SCRATCH_NUMBER_OFFSET, 32],
  ["segments of a path", map.SEGMENTS_OFFSET, ENTRY * map.MAX_SEGMENTS],
  ["pairs", map.PAIRS_OFFSET, 27 * 27],
  ["bounds of latencies", map.LATENCY_BOUNDS_OFFSET, ENTRY * 256],
  ["first latencies", map.LATENCY_FIRST_OFFSET, 64],
  ["words", map.WORDS_OFFSET, ENTRY * map.WORD_ENTRIES],
  ["rules", map.RULES_OFFSET, map.RULES_BYTES - SLACK],
  ["processes", map.PROCESSES_OFFSET, 16 * map.PROCESS_ENTRIES],
  ["rows", map.ROWS_OFFSET, 12 * map.ROWS_CAPACITY],
  ["input", map.INPUT_OFFSET, map.INPUT_BYTES],
  ["output", map.OUTPUT_OFFSET, map.OUTPUT_BYTES],
  ["heads of chains", map.PENDING_HEADS_OFFSET, 4 * map.PENDING_ENTRIES],
  ["pending", map.PENDING_OFFSET, map.PENDING_BYTES * map.PENDING_ENTRIES],
  ["index of edges", map.EDGE_INDEX_OFFSET, ENTRY * map.EDGE_INDEX_ENTRIES],
  ["edges", map.EDGES_OFFSET, map.EDGE_BYTES * map.EDGE_CAPACITY],
  ["index of latencies", map.LATENCY_INDEX_OFFSET, ENTRY * map.LATENCY_INDEX_ENTRIES],
  ["latencies", map.LATENCIES_OFFSET, map.LATENCY_BYTES * map.LATENCY_CAPACITY],
  ["index of routes", map.ROUTE_INDEX_OFFSET, ENTRY * map.ROUTE_INDEX_ENTRIES],
  ["routes", map.ROUTES_OFFSET, map.ROUTE_BYTES * map.ROUTE_CAPACITY],
  ["index of segments", map.SEGMENT_INDEX_OFFSET, ENTRY * map.SEGMENT_INDEX_ENTRIES],
  ["segments", map.SEGMENT_SLOTS_OFFSET, map.SEGMENT_BYTES * map.SEGMENT_CAPACITY],
  ["index of series", map.SERIES_INDEX_OFFSET, ENTRY * map.SERIES_MAX_INDEX_ENTRIES],
  ["series", map.SERIES_OFFSET, map.SERIES_BYTES * (6 * map.MAX_SERIES_LIMIT + map.SERIES_OVERFLOWING)],
];

/** Regions of fixed entries that no text is copied into, or whose last entry has slack of its own, need none behind. */
Deno.test("memory map: no region reaches into the next", () => {
  for (const [index, [name, at, bytes]] of REGIONS.entries()) {
    const next = REGIONS[index + 1]?.[1] ?? 65536 * map.MEMORY_MAX_PAGES;
    assert.ok(at + bytes <= next, `${name} ends at ${at + bytes}, the next begins at ${next}`);
  }
  assert.ok(map.INPUT_OFFSET + map.INPUT_BYTES + SLACK <= map.OUTPUT_OFFSET);
  assert.ok(map.OUTPUT_OFFSET + map.OUTPUT_BYTES + SLACK <= map.PENDING_HEADS_OFFSET);
});

Deno.test("memory map: slots have room for their longest key and what a copy runs over", () => {
  const rooms = {
    edge: map.EDGE_BYTES - map.EDGE_KEY - (9 + map.MAX_PEER_BYTES),
    latency: map.LATENCY_BYTES - map.LATENCY_KEY - (7 + 16 + map.MAX_TEXT_BYTES),
    route: map.ROUTE_BYTES - map.ROUTE_KEY - 12,
    segment: map.SEGMENT_BYTES - map.SEGMENT_KEY - (4 + map.MAX_SEGMENT_TEXT_BYTES),
    series: map.SERIES_BYTES - map.SERIES_KEY - map.SERIES_KEY_BYTES,
    pending: map.PENDING_BYTES - 80 - map.MAX_PEER_BYTES,
  };
  // A key of 12 bytes takes one copy of 16.
  for (const [name, room] of Object.entries(rooms)) {
    assert.ok(room >= (name === "route" ? 4 : 15), `${name}: ${room}`);
  }
  assert.equal(map.EDGE_CLIENT + map.HISTOGRAM_BYTES, map.EDGE_SERVER);
  assert.equal(map.EDGE_SERVER + map.HISTOGRAM_BYTES, map.EDGE_LATENCIES);
  assert.equal(map.EDGE_LATENCIES + 4 * 256, map.EDGE_KEY);
  assert.equal(map.SERIES_HISTOGRAM + map.HISTOGRAM_BYTES, map.SERIES_KEY);
  assert.equal(map.LATENCY_COUNTS + 4 * 256, map.LATENCY_KEY);
  assert.equal(map.HISTOGRAM_EXEMPLARS + map.MAX_BUCKETS * map.EXEMPLAR_BYTES, map.HISTOGRAM_BYTES);
});
