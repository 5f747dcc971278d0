/**
 * Where everything lies in a decoder's memory. The host owns the memory and imports this file too, so both sides
 * read the same constants; a module keeps no state of its own. Every region is followed by slack because short
 * copies move 16 bytes at a time.
 */

/** Counters and settings, 8 bytes each; see the WORD_* numbers. */
export const STATUS_OFFSET = 1024;

/** Static data of the module: attribute keys and fixed texts. */
export const STATIC_OFFSET = 4096;

/** Texts that are put together or repaired while one span is encoded. */
export const SCRATCH_OFFSET = 65536;
export const SCRATCH_BYTES = 8192;

/** Whole records, written by the host before `feed`. */
export const INPUT_OFFSET = 131072;
export const INPUT_BYTES = 262144;

/** Spans in flight: a hash index by span id, then slots that are taken in order and reused last in, first out. */
export const PAIRING_OFFSET = 458752;
export const PAIRING_HEAD_BYTES = 64;
export const INDEX_OFFSET = 458816;
export const INDEX_ENTRIES = 32768;
export const INDEX_ENTRY_BYTES = 16;
export const SLOT_OFFSET = 1048576;
export const SLOT_BYTES = 1792;
export const SLOT_COUNT = 16384;

/** Rows: u32 pid, u32 bytes, then one ScopeSpans.spans field. */
export const OUTPUT_OFFSET = 30408704;
export const OUTPUT_BYTES = 4194304;
/** `feed` stops before a span when less than this is left; no span is longer. */
export const OUTPUT_RESERVE_BYTES = 65536;

/** 64 KiB pages in all; the memory never grows. */
export const MEMORY_PAGES = 530;

/** Bytes of output that the last `feed` wrote. */
export const WORD_OUTPUT_BYTES = 0;
/** Written by the host: nanoseconds to add to a record's time for nanoseconds since 1970. */
export const WORD_REALTIME_OFFSET_NS = 1;
/** Start records seen: spans + all losses + in flight. */
export const WORD_STARTS = 2;
export const WORD_ENDS = 3;
export const WORD_SPANS = 4;
/** Ends of spans that are not in flight. */
export const WORD_ORPHANS = 5;
export const WORD_LOST_END_RING_FULL = 6;
export const WORD_LOST_ABANDONED = 7;
export const WORD_LOST_TABLE_FULL = 8;
export const WORD_LOST_PROCESS_EXITED = 9;
export const WORD_LOST_BAD_RECORD = 10;
/** Records that are too short to say which span they mean. */
export const WORD_MALFORMED = 11;
export const WORD_IN_FLIGHT = 12;
/** First fault of the host's framing, kept until the memory is dropped: a FAULT_* number and the input offset. */
export const WORD_FAULT = 13;
export const WORD_FAULT_AT = 14;
export const WORD_COUNT = 15;

export const FAULT_NONE = 0;
export const FAULT_INPUT_TOO_LONG = 1;
export const FAULT_RECORD_SIZE = 2;
export const FAULT_TRAILING_BYTES = 3;
