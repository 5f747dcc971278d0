/** What of a span decides its fate, read from its bytes without decoding attributes. Used by the assembler. */
import { SpanStatusCode } from "@opentelemetry/api";
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from "../support/proto_reader.ts";

/** The parts of a span by which it is grouped and judged. */
export interface SpanPeek {
  readonly traceId: string;
  readonly spanId: string;
  /** The parent when it is a span of the same process, else null. */
  readonly localParentId: string | null;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failed: boolean;
}

/** SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK of trace.proto. */
const PARENT_IS_REMOTE = 0x200;

/**
 * Reads one Span message.
 *
 * @throws {RangeError} when a field ends beyond the message.
 */
export function peekSpan(bytes: Uint8Array): SpanPeek {
  const reader = new ProtoReader(bytes);
  let traceId = "";
  let spanId = "";
  let parentId = "";
  let startNs = 0n;
  let endNs = 0n;
  let failed = false;
  let flags = 0;
  while (!reader.done) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | WIRE_BYTES:
        traceId = reader.bytes().toHex();
        break;
      case 2 << 3 | WIRE_BYTES:
        spanId = reader.bytes().toHex();
        break;
      case 4 << 3 | WIRE_BYTES:
        parentId = reader.bytes().toHex();
        break;
      case 7 << 3 | WIRE_FIXED64:
        startNs = reader.fixed64();
        break;
      case 8 << 3 | WIRE_FIXED64:
        endNs = reader.fixed64();
        break;
      case 15 << 3 | WIRE_BYTES:
        failed = isErrorStatus(reader.message());
        break;
      case 16 << 3 | WIRE_FIXED32:
        flags = reader.fixed32();
        break;
      default:
        reader.skip(tag);
    }
  }
  const hasLocalParent = parentId !== "" && (flags & PARENT_IS_REMOTE) === 0;
  return { traceId, spanId, localParentId: hasLocalParent ? parentId : null, startNs, endNs, failed };
}

function isErrorStatus(reader: ProtoReader): boolean {
  let code = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === (3 << 3 | WIRE_VARINT)) code = reader.uint32();
    else reader.skip(tag);
  }
  return code === SpanStatusCode.ERROR;
}
