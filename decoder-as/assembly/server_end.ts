/**
 * Where the end record of a handled request holds what, by the server that ended it: net/http's for HTTP/1, its own for
 * HTTP/2, or golang.org/x/net's. Used by check.ts and server_span.ts.
 */
import {
  OFFSET_HEADER_SIZE,
  OFFSET_SPAN_PROBE,
  PROBE_SERVER_ABORT,
  PROBE_SERVER_ABORT_H2,
  PROBE_SERVER_ABORT_X_NET,
  PROBE_SERVER_END,
  PROBE_SERVER_END_H2,
  PROBE_SERVER_END_X_NET,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen";
import { readU32, readU64, readU8 } from "./cursor";
import {
  H2_END_FIXED_BYTES,
  H2_END_STATUS,
  H2_END_WRITTEN,
  H2_END_WROTE_HEADER,
  SERVER_END_FIXED_BYTES,
  SERVER_END_STATUS,
  SERVER_END_WRITTEN,
  SERVER_END_WROTE_HEADER,
} from "./layout";
import { X_NET_FIXED_BYTES, X_NET_STATUS, X_NET_WRITTEN, X_NET_WROTE_HEADER } from "./x_net";

const NONE: u32 = 0;
const HTTP1: u32 = 1;
const HTTP2: u32 = 2;
const X_NET: u32 = 3;

function serverOf(end: usize): u32 {
  switch (readU8(end + OFFSET_SPAN_PROBE)) {
    case PROBE_SERVER_END:
    case PROBE_SERVER_ABORT:
      return HTTP1;
    case PROBE_SERVER_END_H2:
    case PROBE_SERVER_ABORT_H2:
      return HTTP2;
    case PROBE_SERVER_END_X_NET:
    case PROBE_SERVER_ABORT_X_NET:
      return X_NET;
    default:
      return NONE;
  }
}

/** Whether a server's end probe sent the record. */
export function isServerEnd(end: usize): bool {
  return serverOf(end) != NONE;
}

/** False for an end of x/net's server for whose release the slot had no plan: there is nothing behind the head. */
export function isAnswerSeen(end: usize): bool {
  return serverOf(end) != X_NET || readU32(end + OFFSET_HEADER_SIZE) != SIZEOF_SPAN;
}

/** Bytes between the head and the pattern. */
export function fixedBytes(end: usize): u32 {
  const server = serverOf(end);
  if (server == HTTP1) return SERVER_END_FIXED_BYTES;
  return server == HTTP2 ? H2_END_FIXED_BYTES : X_NET_FIXED_BYTES;
}

/** The byte that says whether a header was sent: 0 or 1, if it is what it is taken for. */
export function headerByte(end: usize): u32 {
  const server = serverOf(end);
  if (server == HTTP1) return readU8(end + SERVER_END_WROTE_HEADER);
  return readU8(end + (server == HTTP2 ? H2_END_WROTE_HEADER : SIZEOF_SPAN + X_NET_WROTE_HEADER));
}

export function wroteHeader(end: usize): bool {
  return headerByte(end) != 0;
}

export function statusSet(end: usize): u64 {
  const server = serverOf(end);
  if (server == HTTP1) return readU64(end + SERVER_END_STATUS);
  return readU64(end + (server == HTTP2 ? H2_END_STATUS : SIZEOF_SPAN + X_NET_STATUS));
}

export function bytesWritten(end: usize): u64 {
  const server = serverOf(end);
  if (server == HTTP1) return readU64(end + SERVER_END_WRITTEN);
  return readU64(end + (server == HTTP2 ? H2_END_WRITTEN : SIZEOF_SPAN + X_NET_WRITTEN));
}
