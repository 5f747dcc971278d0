/** KIND_STATS: the kernel's counters by name, and what the loader costs. Used by the status API and metrics. */
import * as wire from "../../bpf/wire.gen.ts";
import { Fields } from "./fields.ts";

/** COUNTER_BEGUN_SERVER of the wire is `begun_server` here, and for users. */
export type CounterName = keyof typeof wire extends infer Key
  ? Key extends `COUNTER_${infer Name}` ? Lowercase<Name> : never
  : never;

/** Totals since the loader began. */
export type Counters = Readonly<Record<CounterName, number>>;

export interface LoaderStats {
  /** Add it to a record's time for nanoseconds since 1970; moves when the clock is set. */
  readonly realtimeOffsetNs: bigint;
  /** Handed to the pipe. */
  readonly recordsSent: number;
  readonly bytesSent: number;
  readonly cpuTimeNs: number;
  readonly residentBytes: number;
  readonly counters: Counters;
  /** What makes up lost_ring_full, by the number of the CPU; those without any are left out. */
  readonly ringFullByCpu: Readonly<Record<string, number>>;
}

/** Every counter and its index on the wire. */
export const COUNTERS: readonly (readonly [name: CounterName, index: number])[] = Object.entries(wire)
  .filter(([name]) => name.startsWith("COUNTER_"))
  .map(([name, index]) => [name.slice("COUNTER_".length).toLowerCase() as CounterName, index] as const)
  .sort(([, left], [, right]) => left - right);

/** @throws {WireError} when the record is too short for what it says. */
export function decodeStats(record: Uint8Array): LoaderStats {
  const fields = new Fields(record, "STATS", wire.SIZEOF_STATS);
  const read = (offset: number) => Number(fields.u64(offset));
  const counters = Object.fromEntries(
    COUNTERS.map(([name, index]) => [name, read(wire.OFFSET_STATS_COUNTERS + 8 * index)]),
  );
  return {
    realtimeOffsetNs: fields.i64(wire.OFFSET_STATS_REALTIME_OFFSET_NS),
    recordsSent: read(wire.OFFSET_STATS_RECORDS_SENT),
    bytesSent: read(wire.OFFSET_STATS_BYTES_SENT),
    cpuTimeNs: read(wire.OFFSET_STATS_CPU_TIME_NS),
    residentBytes: read(wire.OFFSET_STATS_RESIDENT_BYTES),
    counters: counters as Counters,
    ringFullByCpu: Object.fromEntries(cpuDrops(fields)),
  };
}

function cpuDrops(fields: Fields): [cpu: number, spans: number][] {
  const count = fields.u32(wire.OFFSET_STATS_CPU_DROPS);
  const bytes = fields.bytes(wire.SIZEOF_STATS, wire.SIZEOF_CPU_DROPS * count);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, index) => {
    const at = wire.SIZEOF_CPU_DROPS * index;
    return [
      view.getUint32(at + wire.OFFSET_CPU_DROPS_CPU, true),
      Number(view.getBigUint64(at + wire.OFFSET_CPU_DROPS_RING_FULL, true)),
    ];
  });
}
