/**
 * Finds the rows that a decoder wrote, believing nothing that its memory says, and copies spans out of the memory that
 * they lie in. Called by host.ts after each feed, and by measuring.ts.
 */
import { DecoderFault } from "./decoder_fault.ts";
import type { SpanBatch } from "./span_batch.ts";

/** u32 pid, u32 bytes of the field that follows. */
const ROW_HEAD_BYTES = 8;
/** ScopeSpans.spans: field 2, length-delimited. */
const SPANS_TAG = 0x12;
/** Trace id and span id, with which every span begins. */
const IDS_BYTES = 28;

/** Spans of one process while a batch is put together. */
interface Gathering {
  count: number;
  bytes: number;
  /** Offset and length of each. */
  readonly rows: number[];
}

/** Process id, offset and length of each row, one behind the other. */
type Rows = ArrayLike<number>;
const ROW_NUMBERS = 3;

/**
 * Finds the rows in `bytes` bytes from `at` on.
 *
 * @throws {DecoderFault} when they are no rows of spans.
 */
export function findRows(memory: Uint8Array, at: number, bytes: number): Rows {
  const view = new DataView(memory.buffer, memory.byteOffset);
  const start = at;
  const end = at + bytes;
  const rows: number[] = [];
  while (at < end) {
    if (at + ROW_HEAD_BYTES > end) throw framing(`its output ends within a row at byte ${at - start}`);
    const pid = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    at += ROW_HEAD_BYTES;
    if (at + length > end || !isSpan(memory, at, length)) {
      throw framing(`its output holds no span at byte ${at - start}`);
    }
    rows.push(pid, at, length);
    at += length;
  }
  return rows;
}

/** How many spans there are. */
export function countRows(rows: Rows): number {
  return rows.length / ROW_NUMBERS;
}

/** Copies of the spans, one batch for each process. */
export function copyRows(memory: Uint8Array, rows: Rows): SpanBatch[] {
  const byPid = new Map<number, Gathering>();
  let last: Gathering | undefined;
  let lastPid = -1;
  for (let index = 0; index < rows.length; index += ROW_NUMBERS) {
    const pid = rows[index]!;
    if (pid !== lastPid || !last) {
      last = byPid.get(pid);
      if (!last) byPid.set(pid, last = { count: 0, bytes: 0, rows: [] });
      lastPid = pid;
    }
    last.count++;
    last.bytes += rows[index + 2]!;
    last.rows.push(rows[index + 1]!, rows[index + 2]!);
  }
  return Array.from(
    byPid,
    ([pid, { count, bytes, rows }]) => ({ pid, count, bytes: copy(memory, bytes, rows) }),
  );
}

/** Whether one span field, and nothing else, fills `length` bytes; of the span, its ids are looked at. */
function isSpan(memory: Uint8Array, at: number, length: number): boolean {
  if (length < 2 + IDS_BYTES || memory[at] !== SPANS_TAG) return false;
  let content = at + 1;
  let bytes = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = memory[content++]!;
    bytes |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return content + bytes === at + length && bytes >= IDS_BYTES &&
    memory[content] === 0x0a && memory[content + 1] === 16 &&
    memory[content + 18] === 0x12 && memory[content + 19] === 8;
}

function copy(memory: Uint8Array, bytes: number, rows: readonly number[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes);
  let filled = 0;
  for (let index = 0; index < rows.length; index += 2) {
    const from = rows[index]!;
    const length = rows[index + 1]!;
    result.set(memory.subarray(from, from + length), filled);
    filled += length;
  }
  return result;
}

function framing(message: string): DecoderFault {
  return new DecoderFault("decoder-framing", message);
}
