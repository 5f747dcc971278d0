/**
 * OTLP protobuf as it is laid on the wire: fields of trace.v1.Span and attributes of common.v1. Every function
 * takes the place to write and yields the place behind; room is OUTPUT_RESERVE_BYTES, checked once a span.
 */
import { copy, copy32, move, writeU16, writeU32, writeU64, writeU8 } from "./cursor";
import { SCRATCH_OFFSET } from "./memory_map";
import { clean, textAt, textBytes } from "./text";

/** Room for one value that is being repaired. */
const SCRATCH: usize = SCRATCH_OFFSET;

const KIND_SERVER_FIELD: u32 = 0x0230;
const KIND_CLIENT_FIELD: u32 = 0x0330;

function varintBytes(value: u64): u32 {
  let bytes: u32 = 1;
  while (value > 0x7f) {
    value >>= 7;
    bytes++;
  }
  return bytes;
}

function varint(to: usize, value: u64): usize {
  while (value > 0x7f) {
    writeU8(to++, <u32> value & 0x7f | 0x80);
    value >>= 7;
  }
  writeU8(to, <u32> value);
  return to + 1;
}

function length(to: usize, bytes: u32): usize {
  if (bytes < 0x80) {
    writeU8(to, bytes);
    return to + 1;
  }
  return varint(to, bytes);
}

function lengthBytes(bytes: u32): u32 {
  return bytes < 0x80 ? 1 : bytes < 0x4000 ? 2 : 3;
}

/** Most spans take two length bytes; `closeMessage` moves the others. */
const ASSUMED_LENGTH_BYTES: u32 = 2;

/** Begins a length-delimited field; yields the place of its content, to be given to `closeMessage`. */
export function openMessage(to: usize, tag: u32): usize {
  writeU8(to, tag);
  return to + 1 + ASSUMED_LENGTH_BYTES;
}

export function closeMessage(content: usize, end: usize): usize {
  const bytes = <u32> (end - content);
  const needed = lengthBytes(bytes);
  const at = content - ASSUMED_LENGTH_BYTES;
  if (needed != ASSUMED_LENGTH_BYTES) move(at + needed, content, bytes);
  varint(at, bytes);
  return at + needed + bytes;
}

/** trace_id = 1, span_id = 2. */
export function identity(to: usize, traceHigh: u64, traceLow: u64, spanId: u64): usize {
  writeU16(to, 0x100a);
  writeU64(to + 2, traceHigh);
  writeU64(to + 10, traceLow);
  writeU16(to + 18, 0x0812);
  writeU64(to + 20, spanId);
  return to + 28;
}

/** trace_state = 3. */
export function traceState(to: usize, at: usize, bytes: u32): usize {
  clean(at, bytes, SCRATCH);
  writeU8(to, 0x1a);
  return copy(length(to + 1, textBytes), textAt, textBytes);
}

/** parent_span_id = 4. */
export function parent(to: usize, spanId: u64): usize {
  writeU16(to, 0x0822);
  writeU64(to + 2, spanId);
  return to + 10;
}

/** name = 5: "{method} {route}" or "{method}"; both are valid UTF-8 already. */
export function name(to: usize, method: usize, methodBytes: u32, route: usize, routeBytes: u32): usize {
  writeU8(to, 0x2a);
  if (routeBytes == 0) return copy(length(to + 1, methodBytes), method, methodBytes);
  to = copy(length(to + 1, methodBytes + 1 + routeBytes), method, methodBytes);
  writeU8(to, 0x20);
  return copy(to + 1, route, routeBytes);
}

/** kind = 6, start_time_unix_nano = 7, end_time_unix_nano = 8. */
export function kindAndTimes(to: usize, isServer: bool, startNs: u64, endNs: u64): usize {
  writeU16(to, isServer ? KIND_SERVER_FIELD : KIND_CLIENT_FIELD);
  writeU8(to + 2, 0x39);
  writeU64(to + 3, startNs);
  writeU8(to + 11, 0x41);
  writeU64(to + 12, endNs);
  return to + 20;
}

/** status = 15 with code = 3 ERROR. */
export function statusError(to: usize): usize {
  writeU32(to, 0x0218027a);
  return to + 4;
}

/** flags = 16. */
export function flags(to: usize, value: u32): usize {
  writeU16(to, 0x0185);
  writeU32(to + 2, value);
  return to + 6;
}

/* An attribute is attributes = 9 { key = 1, value = 2 { string_value = 1 | int_value = 3 } }; a key of keys.gen.ts is
 * the whole field "key", padded to 32 bytes. */

/** Longest value, for the longest key, with which all lengths of an attribute take one byte. */
const MAX_SHORT_VALUE_BYTES: u32 = 128 - 32 - 4;

/** A string attribute whose value may be any bytes. */
export function stringAttribute(to: usize, key: usize, keyBytes: u32, at: usize, bytes: u32): usize {
  clean(at, bytes, SCRATCH);
  return textAttribute(to, key, keyBytes, textAt, textBytes);
}

/** A string attribute whose value is valid UTF-8 already. */
export function textAttribute(to: usize, key: usize, keyBytes: u32, at: usize, bytes: u32): usize {
  if (bytes < MAX_SHORT_VALUE_BYTES) {
    writeU16(to, 0x4a | keyBytes + 4 + bytes << 8);
    copy32(to + 2, key);
    to += 2 + keyBytes;
    writeU32(to, 0x000a0012 | 2 + bytes << 8 | bytes << 24);
    return copy(to + 4, at, bytes);
  }
  const value = 1 + lengthBytes(bytes) + bytes;
  writeU8(to, 0x4a);
  to = length(to + 1, keyBytes + 1 + lengthBytes(value) + value);
  copy32(to, key);
  to += keyBytes;
  writeU8(to, 0x12);
  to = length(to + 1, value);
  writeU8(to, 0x0a);
  return copy(length(to + 1, bytes), at, bytes);
}

/** An integer attribute. */
export function intAttribute(to: usize, key: usize, keyBytes: u32, number: u64): usize {
  if (number < 0x4000) {
    const value: u32 = number < 0x80 ? 2 : 3;
    writeU16(to, 0x4a | keyBytes + 2 + value << 8);
    copy32(to + 2, key);
    to += 2 + keyBytes;
    const low = <u32> number;
    const digits = low < 0x80 ? low : low & 0x7f | 0x80 | low >> 7 << 8;
    writeU32(to, 0x00180012 | value << 8 | (digits & 0xff) << 24);
    writeU8(to + 4, digits >> 8);
    return to + 2 + value;
  }
  const value = 1 + varintBytes(number);
  writeU8(to, 0x4a);
  to = length(to + 1, keyBytes + 2 + value);
  copy32(to, key);
  to += keyBytes;
  writeU8(to, 0x12);
  writeU8(to + 1, value);
  writeU8(to + 2, 0x18);
  return varint(to + 3, number);
}
