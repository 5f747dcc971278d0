/**
 * Whether captured values are such as net/http itself lets through, whoever its peers are. Called by check.ts: a decoder
 * whose offsets are wrong for the program fails here, and its records count as bad. The facts are those of
 * src/net/http in Go 1.17 to 1.27; what a peer or the program may choose freely is not judged.
 */
import { OFFSET_SPAN_OUTCOME, OUTCOME_ERROR, SIZEOF_SPAN } from "../../bpf/wire.gen";
import { isSubset, readU64, readU8 } from "./cursor";
import { capturedBytes, isStatus } from "./http";
import {
  CLIENT_END_PROTO_MAJOR,
  CLIENT_END_PROTO_MINOR,
  CLIENT_END_STATUS,
  SERVER_FIXED_BYTES,
  SERVER_PROTO_MAJOR,
  SERVER_PROTO_MINOR,
} from "./layout";
import { headerByte, statusSet } from "./server_end";
import { SERVER_METHOD } from "./strings";

/** request.go, ParseHTTPVersion: one digit since Go 1.18, before at most this. */
const MAX_VERSION: u64 = 1000000;
/** response.go, ReadResponse: three characters that are a number, and not below 0. */
const MAX_STATUS: u64 = 999;
const HTTP2: u64 = 2;

/** The characters of a token (RFC 9110, 5.6.2), as isSubset wants them. */
const TOKEN_SET: v128 = i8x16(-24, -4, -8, -4, -4, -4, -4, -4, -8, -8, -12, 84, -48, 84, -12, 112);

/**
 * server.go, http1ServerSupportsRequest: the major version is 1, or 2 for the preface of HTTP/2; the HTTP/2 server
 * sets 2. request.go, validMethod: a token in HTTP/1; HTTP/2 takes any text but the empty one.
 */
export function isPlausibleRequest(start: usize): bool {
  const major = readU64(start + SERVER_PROTO_MAJOR);
  if (major == 0 || major > 9 || readU64(start + SERVER_PROTO_MINOR) > MAX_VERSION) return false;
  const methodBytes = capturedBytes(start, SERVER_METHOD);
  if (methodBytes == 0) return false;
  return major != 1 || isSubset(start + SIZEOF_SPAN + SERVER_FIXED_BYTES, methodBytes, TOKEN_SET);
}

/** server.go and the HTTP/2 server, checkWriteHeaderCode: WriteHeader panics unless the status is 100 to 999. */
export function isPlausibleAnswer(end: usize): bool {
  const status = statusSet(end);
  return headerByte(end) <= 1 && (status == 0 || isStatus(status));
}

/**
 * response.go, ReadResponse; transport.go of HTTP/2, handleResponse: there, :status is any number. A failed call has
 * no response.
 */
export function isPlausibleResponse(end: usize): bool {
  if (readU8(end + OFFSET_SPAN_OUTCOME) == OUTCOME_ERROR) return true;
  const major = readU64(end + CLIENT_END_PROTO_MAJOR);
  if (major > MAX_VERSION || readU64(end + CLIENT_END_PROTO_MINOR) > MAX_VERSION) return false;
  return major == HTTP2 || readU64(end + CLIENT_END_STATUS) <= MAX_STATUS;
}
