/**
 * Walks the spans of a `SpanBatch` without decoding them. Every span passes through here, so it reads tags and
 * lengths and nothing else.
 */

/** Where one Span message lies in its batch. */
export interface SpanSlice {
  /** Offset of the field tag before the message. */
  readonly fieldStart: number;
  readonly start: number;
  readonly end: number;
}

/** ScopeSpans.spans: field 2, length-delimited. */
const SPANS_TAG = 0x12;
/** Tag, length and 16 bytes of the trace id, then tag, length and 8 bytes of the span id. */
const IDS_BYTES = 28;

/**
 * The spans in `bytes`, in order.
 *
 * @throws {RangeError} when `bytes` is not a run of spans that begin with their ids.
 */
export function splitSpans(bytes: Uint8Array): SpanSlice[] {
  const slices: SpanSlice[] = [];
  let at = 0;
  while (at < bytes.length) {
    const fieldStart = at;
    if (bytes[at++] !== SPANS_TAG) throw malformed(fieldStart, "tag is not that of a span");
    let length = 0;
    for (let shift = 0;; shift += 7) {
      // Four bytes hold 256 MiB, far more than any batch.
      if (at >= bytes.length || shift > 21) throw malformed(fieldStart, "length is cut or too large");
      const byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const start = at;
    const end = start + length;
    if (end > bytes.length) throw malformed(fieldStart, `it ends at ${end} of ${bytes.length} bytes`);
    if (
      length < IDS_BYTES || bytes[start] !== 0x0a || bytes[start + 1] !== 16 || bytes[start + 18] !== 0x12 ||
      bytes[start + 19] !== 8
    ) {
      throw malformed(fieldStart, "it does not begin with its ids");
    }
    slices.push({ fieldStart, start, end });
    at = end;
  }
  return slices;
}

/** Where the 16 bytes of a trace id begin, from the start of its span. */
export const TRACE_ID_OFFSET = 2;
export const TRACE_ID_BYTES = 16;

function malformed(at: number, problem: string): RangeError {
  return new RangeError(`Cannot read span at byte ${at} of a batch: ${problem}`);
}
