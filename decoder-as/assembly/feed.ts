/**
 * The loop over records: keeps starts, joins ends with them and writes rows. Called by abi.ts only. No input traps:
 * what cannot be trusted is counted and passed over.
 */
import {
  KIND_SPAN_END,
  KIND_SPAN_LOST,
  KIND_SPAN_START,
  LOST_END_RING_FULL,
  OFFSET_HEADER_KIND,
  OFFSET_HEADER_PID,
  OFFSET_HEADER_SIZE,
  OFFSET_SPAN_LOST_REASON,
  OFFSET_SPAN_LOST_SPAN_ID,
  OFFSET_SPAN_PROBE,
  OFFSET_SPAN_SPAN_ID,
  PROBE_SERVER_START,
  SIZEOF_HEADER,
  SIZEOF_SPAN,
  SIZEOF_SPAN_LOST,
} from "../../bpf/wire.gen";
import { isGoodEnd, isGoodStart } from "./check";
import { clientSpan } from "./client_span";
import { readU16, readU32, readU64, readU8, writeU32 } from "./cursor";
import {
  FAULT_INPUT_TOO_LONG,
  FAULT_RECORD_SIZE,
  FAULT_TRAILING_BYTES,
  INPUT_BYTES,
  INPUT_OFFSET,
  OUTPUT_BYTES,
  OUTPUT_OFFSET,
  OUTPUT_RESERVE_BYTES,
  WORD_ENDS,
  WORD_LOST_ABANDONED,
  WORD_LOST_BAD_RECORD,
  WORD_LOST_END_RING_FULL,
  WORD_LOST_PROCESS_EXITED,
  WORD_LOST_TABLE_FULL,
  WORD_MALFORMED,
  WORD_ORPHANS,
  WORD_OUTPUT_BYTES,
  WORD_SPANS,
  WORD_STARTS,
} from "./memory_map";
import { closeMessage, openMessage } from "./otlp";
import { keep, lookUp, NONE, release, releaseAll, startOf } from "./pairing";
import { serverSpan } from "./server_span";
import { count, fault, setWord, word } from "./status";

const OUTPUT_STOP: usize = OUTPUT_OFFSET + OUTPUT_BYTES - OUTPUT_RESERVE_BYTES;
const ROW_HEAD_BYTES: usize = 8;
/** ScopeSpans.spans = 2 */
const SPANS_TAG: u32 = 0x12;

/** Takes the records in the input region; yields the bytes that are done with. */
export function feedRecords(length: u32): u32 {
  if (length > <u32> INPUT_BYTES) {
    fault(FAULT_INPUT_TOO_LONG, length);
    length = INPUT_BYTES;
  }
  const end = <usize> INPUT_OFFSET + length;
  let at: usize = INPUT_OFFSET;
  let out: usize = OUTPUT_OFFSET;
  while (at < end) {
    const left = <u32> (end - at);
    if (left < <u32> SIZEOF_HEADER) {
      fault(FAULT_TRAILING_BYTES, <u32> at - INPUT_OFFSET);
      at = end;
      break;
    }
    const size = readU32(at + OFFSET_HEADER_SIZE);
    if (size < <u32> SIZEOF_HEADER || size > left || (size & 7) != 0) {
      fault(FAULT_RECORD_SIZE, <u32> at - INPUT_OFFSET);
      at = end;
      break;
    }
    const kind = readU16(at + OFFSET_HEADER_KIND);
    if (kind == KIND_SPAN_START) {
      onStart(at, size);
    } else if (kind == KIND_SPAN_END) {
      if (out > OUTPUT_STOP) break;
      out = onEnd(at, size, out);
    } else if (kind == KIND_SPAN_LOST) {
      onLost(at, size);
    }
    at += size;
  }
  setWord(WORD_OUTPUT_BYTES, <u64> (out - OUTPUT_OFFSET));
  return <u32> (at - INPUT_OFFSET);
}

function onStart(record: usize, size: u32): void {
  count(WORD_STARTS);
  if (size < <u32> SIZEOF_SPAN || !isGoodStart(record, size)) {
    count(WORD_LOST_BAD_RECORD);
    return;
  }
  const earlier = lookUp(readU64(record + OFFSET_SPAN_SPAN_ID));
  if (earlier != NONE) {
    release(earlier);
    count(WORD_LOST_ABANDONED);
  }
  if (!keep(record, size)) count(WORD_LOST_TABLE_FULL);
}

function onEnd(record: usize, size: u32, out: usize): usize {
  count(WORD_ENDS);
  if (size < <u32> SIZEOF_SPAN) {
    count(WORD_MALFORMED);
    return out;
  }
  const slot = lookUp(readU64(record + OFFSET_SPAN_SPAN_ID));
  if (slot == NONE) {
    count(WORD_ORPHANS);
    return out;
  }
  const start = startOf(slot);
  const pid = readU32(start + OFFSET_HEADER_PID);
  if (pid != readU32(record + OFFSET_HEADER_PID)) {
    count(WORD_ORPHANS);
    return out;
  }
  const probe = readU8(start + OFFSET_SPAN_PROBE);
  release(slot);
  if (!isGoodEnd(record, size, probe)) {
    count(WORD_LOST_BAD_RECORD);
    return out;
  }
  const content = openMessage(out + ROW_HEAD_BYTES, SPANS_TAG);
  const behind = closeMessage(
    content,
    probe == PROBE_SERVER_START ? serverSpan(content, start, record) : clientSpan(content, start, record),
  );
  writeU32(out, pid);
  writeU32(out + 4, <u32> (behind - out - ROW_HEAD_BYTES));
  count(WORD_SPANS);
  return behind;
}

/** A loss names no slot, so every decoder gets it; one whose span is not in flight here means another's, or none. */
function onLost(record: usize, size: u32): void {
  if (size < <u32> SIZEOF_SPAN_LOST) {
    count(WORD_MALFORMED);
    return;
  }
  const slot = lookUp(readU64(record + OFFSET_SPAN_LOST_SPAN_ID));
  if (slot == NONE) return;
  release(slot);
  const ringFull = readU32(record + OFFSET_SPAN_LOST_REASON) == LOST_END_RING_FULL;
  count(ringFull ? WORD_LOST_END_RING_FULL : WORD_LOST_ABANDONED);
}

/** Gives up every span in flight of a process, or of all when `pid` is 0; yields how many. */
export function dropProcess(pid: u32): u32 {
  const dropped = releaseAll(pid);
  setWord(WORD_LOST_PROCESS_EXITED, word(WORD_LOST_PROCESS_EXITED) + dropped);
  return dropped;
}
