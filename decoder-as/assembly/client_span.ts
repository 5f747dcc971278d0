/** Encodes the span of an outgoing call from its start and end records. Called by feed.ts with checked records. */
import {
  OFFSET_SPAN_ATTEMPTS,
  OFFSET_SPAN_OUTCOME,
  OFFSET_SPAN_PEER_ADDRESS,
  OFFSET_SPAN_PEER_FAMILY,
  OFFSET_SPAN_PEER_PORT,
  OUTCOME_ERROR,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen";
import { decimal, hostAt, hostBytes, hostPort, ipv4, ipv6, splitHostPort } from "./address";
import { copy, equal, readU16, readU64, readU8, writeU8 } from "./cursor";
import { isCut, isKnownMethod, isStatus, methodWord, next, protocol, stringBytes } from "./http";
import * as keys from "./keys.gen";
import {
  CLIENT_CONTENT_LENGTH,
  CLIENT_END_CONTENT_LENGTH,
  CLIENT_END_PROTO_MAJOR,
  CLIENT_END_PROTO_MINOR,
  CLIENT_END_STATUS,
  CLIENT_FIXED_BYTES,
  CLIENT_FORCE_QUERY,
  CLIENT_USER,
} from "./layout";
import { SCRATCH_BYTES, SCRATCH_OFFSET } from "./memory_map";
import { intAttribute, name, statusError, stringAttribute, textAttribute } from "./otlp";
import { writeFlags, writeIdentity, writeParent, writeTimes } from "./span";
import {
  CLIENT_HOST,
  CLIENT_METHOD,
  CLIENT_OPAQUE,
  CLIENT_PATH,
  CLIENT_QUERY,
  CLIENT_RAW_PATH,
  CLIENT_SCHEME,
} from "./strings";
import * as url from "./url";

const SCRATCH_URL: usize = SCRATCH_OFFSET + SCRATCH_BYTES;
const SCRATCH_SHORT: usize = SCRATCH_OFFSET + 3 * SCRATCH_BYTES;

/* sa_family_t of Linux. */
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;

const COLON: u32 = 58;
const SLASH: u32 = 47;

/** Writes one Span message; yields the place behind. */
export function clientSpan(to: usize, start: usize, end: usize): usize {
  let method = start + SIZEOF_SPAN + CLIENT_FIXED_BYTES;
  const scheme = next(start, CLIENT_METHOD, method);
  const host = next(start, CLIENT_SCHEME, scheme);
  const schemeBytes = stringBytes(start, CLIENT_SCHEME, scheme);
  let methodBytes = stringBytes(start, CLIENT_METHOD, method);
  if (methodBytes == 0) {
    method = keys.TEXT_GET;
    methodBytes = keys.TEXT_GET_BYTES;
  }
  const verb = methodWord(method, methodBytes);
  const known = isKnownMethod(verb);

  to = writeParent(writeIdentity(to, start), start);
  to = known ? name(to, method, methodBytes, 0, 0) : name(to, keys.TEXT_HTTP, keys.TEXT_HTTP_BYTES, 0, 0);
  to = writeTimes(to, false, start, end);
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
    to = stringAttribute(
      to,
      keys.HTTP_REQUEST_METHOD_ORIGINAL,
      keys.HTTP_REQUEST_METHOD_ORIGINAL_BYTES,
      method,
      methodBytes,
    );
  }
  to = writeServer(to, scheme, schemeBytes, host, stringBytes(start, CLIENT_HOST, host));
  const urlEnd = fullUrl(start, scheme, schemeBytes, host);
  to = stringAttribute(to, keys.URL_FULL, keys.URL_FULL_BYTES, SCRATCH_URL, <u32> (urlEnd - SCRATCH_URL));
  const contentLength = readU64(start + CLIENT_CONTENT_LENGTH);
  if (<i64> contentLength > 0) {
    to = intAttribute(to, keys.HTTP_REQUEST_BODY_SIZE, keys.HTTP_REQUEST_BODY_SIZE_BYTES, contentLength);
  }
  to = writePeer(to, end);
  const attempts = readU8(end + OFFSET_SPAN_ATTEMPTS);
  if (attempts > 1) {
    to = intAttribute(to, keys.HTTP_REQUEST_RESEND_COUNT, keys.HTTP_REQUEST_RESEND_COUNT_BYTES, attempts - 1);
  }
  return writeFlags(writeResponse(to, end, verb), start);
}

/** server.address and server.port of the URL, with the scheme's port where it names none. */
function writeServer(to: usize, scheme: usize, schemeBytes: u32, at: usize, bytes: u32): usize {
  splitHostPort(at, bytes);
  if (hostBytes == 0) return to;
  to = stringAttribute(to, keys.SERVER_ADDRESS, keys.SERVER_ADDRESS_BYTES, hostAt, hostBytes);
  let port = hostPort;
  if (
    port < 0 && schemeBytes == keys.TEXT_SCHEME_HTTP_BYTES &&
    equal(scheme, keys.TEXT_SCHEME_HTTP, schemeBytes)
  ) {
    port = 80;
  }
  if (port < 0 && schemeBytes == keys.TEXT_HTTPS_BYTES && equal(scheme, keys.TEXT_HTTPS, schemeBytes)) {
    port = 443;
  }
  return port < 0 ? to : intAttribute(to, keys.SERVER_PORT, keys.SERVER_PORT_BYTES, port);
}

/** Puts url.full together at SCRATCH_URL; yields the place behind. */
function fullUrl(start: usize, scheme: usize, schemeBytes: u32, host: usize): usize {
  const path = next(start, CLIENT_HOST, host);
  const rawPath = next(start, CLIENT_PATH, path);
  const query = next(start, CLIENT_RAW_PATH, rawPath);
  const opaque = next(start, CLIENT_QUERY, query);
  let to = copy(SCRATCH_URL, scheme, schemeBytes);
  writeU8(to++, COLON);
  const opaqueBytes = stringBytes(start, CLIENT_OPAQUE, opaque);
  if (opaqueBytes > 0) {
    to = url.opaque(to, opaque, opaqueBytes);
  } else {
    writeU8(to, SLASH);
    writeU8(to + 1, SLASH);
    to += 2;
    if (readU64(start + CLIENT_USER) != 0) to = url.user(to);
    to = url.host(to, host, stringBytes(start, CLIENT_HOST, host));
    to = url.path(
      to,
      path,
      stringBytes(start, CLIENT_PATH, path),
      !isCut(start, CLIENT_PATH),
      rawPath,
      stringBytes(start, CLIENT_RAW_PATH, rawPath),
      !isCut(start, CLIENT_RAW_PATH),
    );
  }
  const forced = readU8(start + CLIENT_FORCE_QUERY) != 0;
  return url.query(to, query, stringBytes(start, CLIENT_QUERY, query), forced);
}

/** network.peer.* of the connection that was used last. */
function writePeer(to: usize, end: usize): usize {
  const family = readU16(end + OFFSET_SPAN_PEER_FAMILY);
  if (family != AF_INET && family != AF_INET6) return to;
  const address = end + OFFSET_SPAN_PEER_ADDRESS;
  const behind = family == AF_INET ? ipv4(SCRATCH_SHORT, address) : ipv6(SCRATCH_SHORT, address);
  to = textAttribute(
    to,
    keys.NETWORK_PEER_ADDRESS,
    keys.NETWORK_PEER_ADDRESS_BYTES,
    SCRATCH_SHORT,
    <u32> (behind - SCRATCH_SHORT),
  );
  return intAttribute(
    to,
    keys.NETWORK_PEER_PORT,
    keys.NETWORK_PEER_PORT_BYTES,
    readU16(end + OFFSET_SPAN_PEER_PORT),
  );
}

/** What the response says, or that there was none; 4xx and 5xx are errors of a call. */
function writeResponse(to: usize, end: usize, verb: u64): usize {
  if (readU8(end + OFFSET_SPAN_OUTCOME) == OUTCOME_ERROR) {
    to = textAttribute(to, keys.ERROR_TYPE, keys.ERROR_TYPE_BYTES, keys.TEXT_OTHER, keys.TEXT_OTHER_BYTES);
    return statusError(to);
  }
  const version = protocol(
    SCRATCH_SHORT,
    readU64(end + CLIENT_END_PROTO_MAJOR),
    readU64(end + CLIENT_END_PROTO_MINOR),
  );
  if (version != SCRATCH_SHORT) {
    to = textAttribute(
      to,
      keys.NETWORK_PROTOCOL_VERSION,
      keys.NETWORK_PROTOCOL_VERSION_BYTES,
      SCRATCH_SHORT,
      <u32> (version - SCRATCH_SHORT),
    );
  }
  const status = readU64(end + CLIENT_END_STATUS);
  if (!isStatus(status)) return to;
  to = intAttribute(to, keys.HTTP_RESPONSE_STATUS_CODE, keys.HTTP_RESPONSE_STATUS_CODE_BYTES, status);
  const contentLength = readU64(end + CLIENT_END_CONTENT_LENGTH);
  if (<i64> contentLength >= 0 && verb != keys.METHOD_HEAD) {
    to = intAttribute(to, keys.HTTP_RESPONSE_BODY_SIZE, keys.HTTP_RESPONSE_BODY_SIZE_BYTES, contentLength);
  }
  if (status < 400 || status > 599) return to;
  const bytes = <u32> (decimal(SCRATCH_SHORT, <u32> status) - SCRATCH_SHORT);
  return statusError(textAttribute(to, keys.ERROR_TYPE, keys.ERROR_TYPE_BYTES, SCRATCH_SHORT, bytes));
}
