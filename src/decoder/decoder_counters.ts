/** What a decoder counts, and how it is read out of its memory. Used by host.ts; shown by the status API. */
import * as map from "../../decoder-as/assembly/memory_map.ts";
import type { LossReason } from "../support/span_outcomes.ts";

/** Why spans whose start a decoder has seen will never be exported. */
export type LostReason = Extract<
  LossReason,
  "end_ring_full" | "abandoned" | "table_full" | "process_exited" | "bad_record"
>;

/** Totals of one decoder. starts = spans + all of lost + inFlight. */
export interface DecoderCounters {
  readonly starts: number;
  readonly ends: number;
  readonly spans: number;
  readonly inFlight: number;
  /** Ends of spans that are not in flight. */
  readonly orphans: number;
  /** Records too short to say which span they mean. */
  readonly malformed: number;
  readonly lost: Readonly<Record<LostReason, number>>;
}

/** The counters as the decoder has them. */
export function readCounters(memory: DataView): DecoderCounters {
  const word = (index: number) => readWord(memory, index);
  return {
    starts: word(map.WORD_STARTS),
    ends: word(map.WORD_ENDS),
    spans: word(map.WORD_SPANS),
    inFlight: word(map.WORD_IN_FLIGHT),
    orphans: word(map.WORD_ORPHANS),
    malformed: word(map.WORD_MALFORMED),
    lost: {
      end_ring_full: word(map.WORD_LOST_END_RING_FULL),
      abandoned: word(map.WORD_LOST_ABANDONED),
      table_full: word(map.WORD_LOST_TABLE_FULL),
      process_exited: word(map.WORD_LOST_PROCESS_EXITED),
      bad_record: word(map.WORD_LOST_BAD_RECORD),
    },
  };
}

/** One word of the status region. */
export function readWord(memory: DataView, index: number): number {
  const at = map.STATUS_OFFSET + 8 * index;
  return memory.getUint32(at, true) + memory.getUint32(at + 4, true) * 2 ** 32;
}

/** All spans that are lost, whatever the reason. */
export function lostInAll({ lost }: DecoderCounters): number {
  return lost.end_ring_full + lost.abandoned + lost.table_full + lost.process_exited + lost.bad_record;
}

export const NO_COUNTERS: DecoderCounters = {
  starts: 0,
  ends: 0,
  spans: 0,
  inFlight: 0,
  orphans: 0,
  malformed: 0,
  lost: { end_ring_full: 0, abandoned: 0, table_full: 0, process_exited: 0, bad_record: 0 },
};

/** Totals of two decoders. */
export function sumOf(left: DecoderCounters, right: DecoderCounters): DecoderCounters {
  return {
    starts: left.starts + right.starts,
    ends: left.ends + right.ends,
    spans: left.spans + right.spans,
    inFlight: left.inFlight + right.inFlight,
    orphans: left.orphans + right.orphans,
    malformed: left.malformed + right.malformed,
    lost: {
      end_ring_full: left.lost.end_ring_full + right.lost.end_ring_full,
      abandoned: left.lost.abandoned + right.lost.abandoned,
      table_full: left.lost.table_full + right.lost.table_full,
      process_exited: left.lost.process_exited + right.lost.process_exited,
      bad_record: left.lost.bad_record + right.lost.bad_record,
    },
  };
}
