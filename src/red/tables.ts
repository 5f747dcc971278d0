/** Lays out the hashed tables of the stage's memory; decoder-as/red/table.ts works on them. Called by stage.ts. */
import * as map from "../../decoder-as/red/memory_map.ts";
import { RED_METRICS } from "./types.ts";

interface Layout {
  readonly index: number;
  readonly entries: number;
  readonly slots: number;
  readonly slotBytes: number;
  readonly key: number;
  readonly capacity: number;
}

const FIXED: readonly (readonly [table: number, layout: Layout])[] = [
  [map.TABLE_EDGES, {
    index: map.EDGE_INDEX_OFFSET,
    entries: map.EDGE_INDEX_ENTRIES,
    slots: map.EDGES_OFFSET,
    slotBytes: map.EDGE_BYTES,
    key: map.EDGE_KEY,
    capacity: map.EDGE_CAPACITY,
  }],
  [map.TABLE_LATENCIES, {
    index: map.LATENCY_INDEX_OFFSET,
    entries: map.LATENCY_INDEX_ENTRIES,
    slots: map.LATENCIES_OFFSET,
    slotBytes: map.LATENCY_BYTES,
    key: map.LATENCY_KEY,
    capacity: map.LATENCY_CAPACITY,
  }],
  [map.TABLE_ROUTES, {
    index: map.ROUTE_INDEX_OFFSET,
    entries: map.ROUTE_INDEX_ENTRIES,
    slots: map.ROUTES_OFFSET,
    slotBytes: map.ROUTE_BYTES,
    key: map.ROUTE_KEY,
    capacity: map.ROUTE_CAPACITY,
  }],
  [map.TABLE_SEGMENTS, {
    index: map.SEGMENT_INDEX_OFFSET,
    entries: map.SEGMENT_INDEX_ENTRIES,
    slots: map.SEGMENT_SLOTS_OFFSET,
    slotBytes: map.SEGMENT_BYTES,
    key: map.SEGMENT_KEY,
    capacity: map.SEGMENT_CAPACITY,
  }],
];

/** All tables whose size is fixed. */
export function layTables(view: DataView): void {
  for (const [table, layout] of FIXED) lay(view, table, layout);
}

/** Slots for a budget of series for each metric. Those in use stay, so the table never gets smaller. */
export function seriesCapacity(view: DataView, maxSeries: number): number {
  const wanted = RED_METRICS.length * Math.min(maxSeries, map.MAX_SERIES_LIMIT) + map.SERIES_OVERFLOWING;
  const now = view.getUint32(
    map.TABLES_OFFSET + map.TABLE_BYTES * map.TABLE_SERIES + map.TABLE_CAPACITY,
    true,
  );
  return Math.max(wanted, now);
}

/** The table of series, whose slots end the memory; it has to be indexed anew. */
export function laySeries(view: DataView, capacity: number): void {
  let entries = 1024;
  while (entries < 2 * capacity) entries *= 2;
  lay(view, map.TABLE_SERIES, {
    index: map.SERIES_INDEX_OFFSET,
    entries,
    slots: map.SERIES_OFFSET,
    slotBytes: map.SERIES_BYTES,
    key: map.SERIES_KEY,
    capacity,
  });
}

function lay(
  view: DataView,
  table: number,
  { index, entries, slots, slotBytes, key, capacity }: Layout,
): void {
  const at = map.TABLES_OFFSET + map.TABLE_BYTES * table;
  view.setUint32(at + map.TABLE_INDEX, index, true);
  view.setUint32(at + map.TABLE_MASK, entries - 1, true);
  view.setUint32(at + map.TABLE_SLOTS, slots, true);
  view.setUint32(at + map.TABLE_SLOT_BYTES, slotBytes, true);
  view.setUint32(at + map.TABLE_KEY, key, true);
  view.setUint32(at + map.TABLE_CAPACITY, capacity, true);
}
