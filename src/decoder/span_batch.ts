/** What the decoding Worker hands to the main thread: finished spans of one process, still encoded. */

/**
 * Spans of one process. `bytes` is a run of `ScopeSpans.spans` fields (tag 0x12, length, Span) that can be put
 * into an OTLP request as it stands; every Span begins with its trace id (0x0a 0x10, 16 bytes) and span id
 * (0x12 0x08, 8 bytes).
 */
export interface SpanBatch {
  readonly pid: number;
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
