/** Encodes the span of a handled request from its start and end records. Called by feed.ts with checked records. */
import {
  OFFSET_SPAN_OUTCOME,
  OUTCOME_HIJACKED,
  OUTCOME_OK,
  OUTCOME_PANIC,
  OUTCOME_UNSEEN,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen";
import { decimal, hostAt, hostBytes, hostPort, splitHostPort } from "./address";
import { find, readU64, readU8 } from "./cursor";
import { capturedBytes, isKnownMethod, isStatus, methodWord, next, protocol, stringBytes } from "./http";
import * as keys from "./keys.gen";
import {
  SERVER_CONTENT_LENGTH,
  SERVER_FIXED_BYTES,
  SERVER_PROTO_MAJOR,
  SERVER_PROTO_MINOR,
  SERVER_TLS,
} from "./layout";
import { SCRATCH_BYTES, SCRATCH_OFFSET } from "./memory_map";
import { intAttribute, name, statusError, stringAttribute, textAttribute, traceState } from "./otlp";
import { hasSensitive, redacted } from "./query";
import { bytesWritten, fixedBytes, isAnswerSeen, statusSet, wroteHeader } from "./server_end";
import { writeFlags, writeIdentity, writeParent, writeTimes } from "./span";
import {
  SERVER_HOST,
  SERVER_METHOD,
  SERVER_PATTERN,
  SERVER_REMOTE,
  SERVER_TARGET,
  TRACESTATE,
} from "./strings";
import { clean, textAt, textBytes } from "./text";

const SCRATCH_ROUTE: usize = SCRATCH_OFFSET + SCRATCH_BYTES;
const SCRATCH_QUERY: usize = SCRATCH_OFFSET + 2 * SCRATCH_BYTES;
const SCRATCH_SHORT: usize = SCRATCH_OFFSET + 3 * SCRATCH_BYTES;

const SLASH: u32 = 47;
const COLON: u32 = 58;
const QUESTION_MARK: u32 = 63;
const ASTERISK: u32 = 42;
const STATUS_OK: u64 = 200;

/** Writes one Span message; yields the place behind. */
export function serverSpan(to: usize, start: usize, end: usize): usize {
  const method = start + SIZEOF_SPAN + SERVER_FIXED_BYTES;
  const methodBytes = stringBytes(start, SERVER_METHOD, method);
  const target = next(start, SERVER_METHOD, method);
  const host = next(start, SERVER_TARGET, target);
  const remote = next(start, SERVER_HOST, host);
  const state = next(start, SERVER_REMOTE, remote);
  const verb = methodWord(method, methodBytes);
  const known = isKnownMethod(verb);
  const outcome = readU8(end + OFFSET_SPAN_OUTCOME);
  const status = statusOf(end, outcome);

  findRoute(end);
  const route = textAt;
  const routeBytes = textBytes;

  to = writeIdentity(to, start);
  const stateBytes = capturedBytes(start, TRACESTATE);
  if (stateBytes > 0) to = traceState(to, state, stateBytes);
  to = writeParent(to, start);
  to = known
    ? name(to, method, methodBytes, route, routeBytes)
    : name(to, keys.TEXT_HTTP, keys.TEXT_HTTP_BYTES, route, routeBytes);
  to = writeTimes(to, true, start, end);

  if (known) {
    to = textAttribute(to, keys.HTTP_REQUEST_METHOD, keys.HTTP_REQUEST_METHOD_BYTES, method, methodBytes);
  } else {
    to = textAttribute(
      to,
      keys.HTTP_REQUEST_METHOD,
      keys.HTTP_REQUEST_METHOD_BYTES,
      keys.TEXT_OTHER,
      keys.TEXT_OTHER_BYTES,
    );
    if (methodBytes > 0) {
      to = stringAttribute(
        to,
        keys.HTTP_REQUEST_METHOD_ORIGINAL,
        keys.HTTP_REQUEST_METHOD_ORIGINAL_BYTES,
        method,
        methodBytes,
      );
    }
  }
  to = writeTarget(to, target, stringBytes(start, SERVER_TARGET, target));
  to = readU64(start + SERVER_TLS) != 0
    ? textAttribute(to, keys.URL_SCHEME, keys.URL_SCHEME_BYTES, keys.TEXT_HTTPS, keys.TEXT_HTTPS_BYTES)
    : textAttribute(
      to,
      keys.URL_SCHEME,
      keys.URL_SCHEME_BYTES,
      keys.TEXT_SCHEME_HTTP,
      keys.TEXT_SCHEME_HTTP_BYTES,
    );
  if (routeBytes > 0) to = textAttribute(to, keys.HTTP_ROUTE, keys.HTTP_ROUTE_BYTES, route, routeBytes);
  if (status != 0) {
    to = intAttribute(to, keys.HTTP_RESPONSE_STATUS_CODE, keys.HTTP_RESPONSE_STATUS_CODE_BYTES, status);
  }
  to = writeServer(to, host, stringBytes(start, SERVER_HOST, host));
  to = writeClient(to, remote, stringBytes(start, SERVER_REMOTE, remote));
  to = writeProtocol(to, readU64(start + SERVER_PROTO_MAJOR), readU64(start + SERVER_PROTO_MINOR));
  to = writeSizes(to, readU64(start + SERVER_CONTENT_LENGTH), verb, end, status);
  return writeFlags(writeOutcome(to, outcome, status), start);
}

/**
 * The status that was sent, or 0. finishRequest and handlerDone run before net/http itself sends 200 for a handler
 * that set nothing; after a panic only what the handler sent counts.
 */
function statusOf(end: usize, outcome: u32): u64 {
  if (outcome == OUTCOME_HIJACKED || outcome == OUTCOME_UNSEEN || !isAnswerSeen(end)) return 0;
  if (!wroteHeader(end)) return outcome == OUTCOME_OK ? STATUS_OK : 0;
  const status = statusSet(end);
  return isStatus(status) ? status : 0;
}

/** Leaves in textAt and textBytes the path of a ServeMux pattern "[METHOD ][HOST]/[PATH]". */
function findRoute(end: usize): void {
  const at = end + SIZEOF_SPAN + fixedBytes(end);
  const bytes = isAnswerSeen(end) ? stringBytes(end, SERVER_PATTERN, at) : 0;
  const path = find(at, bytes, SLASH);
  clean(at + path, bytes - path, SCRATCH_ROUTE);
}

/** url.path and url.query from the request target: a path, an absolute URI, "*", or the authority of a CONNECT. */
function writeTarget(to: usize, at: usize, bytes: u32): usize {
  if (bytes == 0) return to;
  const first = readU8(at);
  let path: u32 = 0;
  if (first != SLASH && first != ASTERISK) {
    const colon = find(at, bytes, COLON);
    if (colon + 2 >= bytes || readU8(at + colon + 1) != SLASH || readU8(at + colon + 2) != SLASH) return to;
    const authority = at + colon + 3;
    const left = bytes - colon - 3;
    path = colon + 3 + min(find(authority, left, SLASH), find(authority, left, QUESTION_MARK));
  }
  const end = path + find(at + path, bytes - path, QUESTION_MARK);
  to = end > path
    ? stringAttribute(to, keys.URL_PATH, keys.URL_PATH_BYTES, at + path, end - path)
    : textAttribute(to, keys.URL_PATH, keys.URL_PATH_BYTES, keys.TEXT_SLASH, keys.TEXT_SLASH_BYTES);
  if (end + 1 >= bytes) return to;
  const query = at + end + 1;
  const queryBytes = bytes - end - 1;
  if (!hasSensitive(query, queryBytes)) {
    return stringAttribute(to, keys.URL_QUERY, keys.URL_QUERY_BYTES, query, queryBytes);
  }
  const redactedEnd = redacted(SCRATCH_QUERY, query, queryBytes);
  return stringAttribute(
    to,
    keys.URL_QUERY,
    keys.URL_QUERY_BYTES,
    SCRATCH_QUERY,
    <u32> (redactedEnd - SCRATCH_QUERY),
  );
}

/** server.address and server.port from the Host header. */
function writeServer(to: usize, at: usize, bytes: u32): usize {
  splitHostPort(at, bytes);
  if (hostBytes == 0) return to;
  to = stringAttribute(to, keys.SERVER_ADDRESS, keys.SERVER_ADDRESS_BYTES, hostAt, hostBytes);
  return hostPort < 0 ? to : intAttribute(to, keys.SERVER_PORT, keys.SERVER_PORT_BYTES, hostPort);
}

/** client.address and network.peer.* from RemoteAddr, which is "IP:port" unless the listener is no TCP one. */
function writeClient(to: usize, at: usize, bytes: u32): usize {
  splitHostPort(at, bytes);
  if (hostBytes == 0 || hostPort < 0) return to;
  to = stringAttribute(to, keys.CLIENT_ADDRESS, keys.CLIENT_ADDRESS_BYTES, hostAt, hostBytes);
  to = stringAttribute(to, keys.NETWORK_PEER_ADDRESS, keys.NETWORK_PEER_ADDRESS_BYTES, hostAt, hostBytes);
  return intAttribute(to, keys.NETWORK_PEER_PORT, keys.NETWORK_PEER_PORT_BYTES, hostPort);
}

function writeProtocol(to: usize, major: u64, minor: u64): usize {
  const bytes = <u32> (protocol(SCRATCH_SHORT, major, minor) - SCRATCH_SHORT);
  if (bytes == 0) return to;
  return textAttribute(
    to,
    keys.NETWORK_PROTOCOL_VERSION,
    keys.NETWORK_PROTOCOL_VERSION_BYTES,
    SCRATCH_SHORT,
    bytes,
  );
}

/** Body sizes; what a handler writes in answer to HEAD is not sent. */
function writeSizes(to: usize, contentLength: u64, verb: u64, end: usize, status: u64): usize {
  if (<i64> contentLength > 0) {
    to = intAttribute(to, keys.HTTP_REQUEST_BODY_SIZE, keys.HTTP_REQUEST_BODY_SIZE_BYTES, contentLength);
  }
  if (status == 0 || verb == keys.METHOD_HEAD) return to;
  const written = bytesWritten(end);
  if (<i64> written < 0) return to;
  return intAttribute(to, keys.HTTP_RESPONSE_BODY_SIZE, keys.HTTP_RESPONSE_BODY_SIZE_BYTES, written);
}

/** error.type and the span status: a panic or a status of 5xx is an error. */
function writeOutcome(to: usize, outcome: u32, status: u64): usize {
  if (outcome == OUTCOME_PANIC) {
    to = textAttribute(to, keys.ERROR_TYPE, keys.ERROR_TYPE_BYTES, keys.TEXT_PANIC, keys.TEXT_PANIC_BYTES);
    return statusError(to);
  }
  if (status < 500 || status > 599) return to;
  const bytes = <u32> (decimal(SCRATCH_SHORT, <u32> status) - SCRATCH_SHORT);
  return statusError(textAttribute(to, keys.ERROR_TYPE, keys.ERROR_TYPE_BYTES, SCRATCH_SHORT, bytes));
}
