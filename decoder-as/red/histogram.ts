/** Histograms where they lie in slots of tables; see HISTOGRAM_* of the memory map. Used by series.ts and edges.ts. */
import { copy, readU32, readU64, writeU64 } from "../assembly/cursor";
import { add } from "./bytes";
import { EXEMPLAR_BYTES, HISTOGRAM_BUCKETS, HISTOGRAM_EXEMPLARS, HISTOGRAM_SUM } from "./memory_map";

/** The first bucket whose upper bound is not below the value. Bounds: u64 count, then u64 each, rising. */
export function bucketOf(bounds: usize, value: u64): u32 {
  const count = readU32(bounds);
  let bucket: u32 = 0;
  while (bucket < count && value > readU64(bounds + 8 + (bucket << 3))) bucket++;
  return bucket;
}

export function observe(histogram: usize, bucket: u32, value: u64): void {
  add(histogram, 1);
  add(histogram + HISTOGRAM_SUM, value);
  add(histogram + HISTOGRAM_BUCKETS + (bucket << 3), 1);
}

/** Makes a span the exemplar of a bucket, unless there is a newer one. */
export function exemplify(
  histogram: usize,
  bucket: u32,
  value: u64,
  traceAt: usize,
  spanId: u64,
  timeNs: u64,
): void {
  const at = histogram + HISTOGRAM_EXEMPLARS + bucket * EXEMPLAR_BYTES;
  if (readU64(at + 32) > timeNs) return;
  copy(at, traceAt, 16);
  writeU64(at + 16, spanId);
  writeU64(at + 24, value);
  writeU64(at + 32, timeNs);
}
