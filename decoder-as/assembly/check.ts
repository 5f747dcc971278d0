/**
 * Decides whether a record is what its plan makes of it, before anything of its payload is read. Called by
 * feed.ts; whatever passes can be decoded without further bounds.
 */
import {
  MAX_TRACESTATE_BYTES,
  OFFSET_SPAN_OUTCOME,
  OFFSET_SPAN_PROBE,
  OUTCOME_UNSEEN,
  PROBE_CLIENT_END,
  PROBE_CLIENT_START,
  PROBE_SERVER_START,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen";
import { readU8 } from "./cursor";
import { capturedBytes } from "./http";
import { CLIENT_END_FIXED_BYTES, CLIENT_FIXED_BYTES, SERVER_FIXED_BYTES } from "./layout";
import { MAX_SLOT_RECORD_BYTES } from "./pairing";
import { isPlausibleAnswer, isPlausibleRequest, isPlausibleResponse } from "./plausible";
import { fixedBytes, isAnswerSeen, isServerEnd } from "./server_end";
import {
  CLIENT_HOST,
  CLIENT_HOST_BYTES,
  CLIENT_METHOD,
  CLIENT_METHOD_BYTES,
  CLIENT_OPAQUE,
  CLIENT_OPAQUE_BYTES,
  CLIENT_PATH,
  CLIENT_PATH_BYTES,
  CLIENT_QUERY,
  CLIENT_QUERY_BYTES,
  CLIENT_RAW_PATH,
  CLIENT_RAW_PATH_BYTES,
  CLIENT_SCHEME,
  CLIENT_SCHEME_BYTES,
  SERVER_HOST,
  SERVER_HOST_BYTES,
  SERVER_METHOD,
  SERVER_METHOD_BYTES,
  SERVER_PATTERN,
  SERVER_PATTERN_BYTES,
  SERVER_REMOTE,
  SERVER_REMOTE_BYTES,
  SERVER_TARGET,
  SERVER_TARGET_BYTES,
  TRACESTATE,
} from "./strings";

const BAD: u32 = 0xffffffff;

/** Adds a string's room to `bytes`, or BAD when it is longer than its plan allows. */
function add(bytes: u32, record: usize, index: u32, limit: u32): u32 {
  const length = capturedBytes(record, index);
  if (bytes == BAD || length > limit) return BAD;
  return bytes + (length + 7 & ~7);
}

/** Whether a start record of `size` bytes can be kept and decoded. */
export function isGoodStart(record: usize, size: u32): bool {
  if (size > MAX_SLOT_RECORD_BYTES) return false;
  const probe = readU8(record + OFFSET_SPAN_PROBE);
  let needed: u32 = SIZEOF_SPAN;
  if (probe == PROBE_SERVER_START) {
    needed = add(needed + SERVER_FIXED_BYTES, record, SERVER_METHOD, SERVER_METHOD_BYTES);
    needed = add(needed, record, SERVER_TARGET, SERVER_TARGET_BYTES);
    needed = add(needed, record, SERVER_HOST, SERVER_HOST_BYTES);
    needed = add(needed, record, SERVER_REMOTE, SERVER_REMOTE_BYTES);
    needed = add(needed, record, TRACESTATE, MAX_TRACESTATE_BYTES);
    return needed <= size && isPlausibleRequest(record);
  }
  if (probe == PROBE_CLIENT_START) {
    needed = add(needed + CLIENT_FIXED_BYTES, record, CLIENT_METHOD, CLIENT_METHOD_BYTES);
    needed = add(needed, record, CLIENT_SCHEME, CLIENT_SCHEME_BYTES);
    needed = add(needed, record, CLIENT_HOST, CLIENT_HOST_BYTES);
    needed = add(needed, record, CLIENT_PATH, CLIENT_PATH_BYTES);
    needed = add(needed, record, CLIENT_RAW_PATH, CLIENT_RAW_PATH_BYTES);
    needed = add(needed, record, CLIENT_QUERY, CLIENT_QUERY_BYTES);
    needed = add(needed, record, CLIENT_OPAQUE, CLIENT_OPAQUE_BYTES);
    return needed <= size;
  }
  return false;
}

/** Whether an end record of `size` bytes ends a span that began with `startProbe` and can be decoded. */
export function isGoodEnd(record: usize, size: u32, startProbe: u32): bool {
  if (readU8(record + OFFSET_SPAN_OUTCOME) > <u32> OUTCOME_UNSEEN) return false;
  const probe = readU8(record + OFFSET_SPAN_PROBE);
  if (probe == PROBE_CLIENT_END) {
    return startProbe == PROBE_CLIENT_START && <u32> (SIZEOF_SPAN + CLIENT_END_FIXED_BYTES) <= size &&
      isPlausibleResponse(record);
  }
  if (startProbe != PROBE_SERVER_START || !isServerEnd(record)) return false;
  if (!isAnswerSeen(record)) return true;
  return add(SIZEOF_SPAN + fixedBytes(record), record, SERVER_PATTERN, SERVER_PATTERN_BYTES) <= size &&
    isPlausibleAnswer(record);
}
