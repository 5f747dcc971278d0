/**
 * Everything that a decoder must bear: hostile records, more starts than it has room for, the same span id again and
 * again. Whatever it makes of them, it goes on, counts every start and writes readable spans; Trial sees to that.
 * Called by try_pack.ts.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { INPUT_BYTES } from "../../decoder-as/assembly/memory_map.ts";
import { lost, record } from "../../decoder-as/samples/plan_runner.ts";
import { hostileRecords } from "./hostile_records.ts";
import { kindOf } from "./records.ts";
import type { Trial } from "./trial.ts";

/** More starts than a decoder of this project keeps. */
const MANY_STARTS = 17_000;
const REPEATED_STARTS = 500;

/** Feeds everything; `good` are whole records to make hostile ones of. */
export function runBattery(trial: Trial, good: readonly Uint8Array[]): void {
  const seeds = [
    ...good,
    lost(wire.LOST_ABANDONED),
    lost(wire.LOST_END_RING_FULL),
    record(wire.KIND_PROCESS, wire.SIZEOF_PROCESS),
  ];
  feedAll(trial, hostileRecords(seeds));
  trial.drop(0);
  const start = good.filter((one) => kindOf(one) === wire.KIND_SPAN_START)
    .reduce<Uint8Array | null>((least, one) => least && least.length <= one.length ? least : one, null);
  if (!start) return;
  feedAll(trial, numbered(start, REPEATED_STARTS, () => 7));
  feedAll(trial, numbered(start, MANY_STARTS, (index) => index));
  trial.drop(new DataView(start.buffer, start.byteOffset).getUint32(wire.OFFSET_HEADER_PID, true));
  trial.drop(0);
}

/** Feeds records, as many at a time as the input holds. */
function feedAll(trial: Trial, records: Iterable<Uint8Array>): void {
  const input = new Uint8Array(INPUT_BYTES);
  let filled = 0;
  for (const one of records) {
    if (filled + one.length > INPUT_BYTES) {
      trial.feed(input.subarray(0, filled));
      filled = 0;
    }
    input.set(one, filled);
    filled += one.length;
  }
  trial.feed(input.subarray(0, filled));
}

/** The same start with other span ids; the array is used again for each. */
function* numbered(start: Uint8Array, count: number, idOf: (index: number) => number): Generator<Uint8Array> {
  const copy = start.slice();
  const view = new DataView(copy.buffer);
  for (let index = 0; index < count; index++) {
    view.setUint32(wire.OFFSET_SPAN_SPAN_ID, idOf(index), true);
    yield copy;
  }
}
