/** What client and server spans share: method and protocol names, statuses and the strings of a capture. */
import { OFFSET_SPAN_STRING_BYTES, OFFSET_SPAN_TRUNCATED } from "../../bpf/wire.gen";
import { readU16, readU64, readU8, writeU8 } from "./cursor";
import {
  METHOD_CONNECT,
  METHOD_DELETE,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  METHOD_PATCH,
  METHOD_POST,
  METHOD_PUT,
  METHOD_TRACE,
} from "./keys.gen";
import { withoutCutSequence } from "./text";

/** The method as a number: its bytes in memory order, at most 8 of them; longer ones are no known method. */
export function methodWord(at: usize, bytes: u32): u64 {
  if (bytes == 0 || bytes > 7) return 0;
  return readU64(at) & ((<u64> 1 << (<u64> bytes << 3)) - 1);
}

/** Whether the method is one of the nine of RFC 9110 and RFC 5789. */
export function isKnownMethod(word: u64): bool {
  return word == METHOD_GET || word == METHOD_POST || word == METHOD_PUT || word == METHOD_DELETE ||
    word == METHOD_HEAD || word == METHOD_OPTIONS || word == METHOD_PATCH || word == METHOD_CONNECT ||
    word == METHOD_TRACE;
}

/** Writes "1.1", "2", ...; yields the place behind, or `to` itself for numbers that no HTTP has. */
export function protocol(to: usize, major: u64, minor: u64): usize {
  if (major == 0 || major > 9 || minor > 9) return to;
  writeU8(to, 48 + <u32> major);
  if (major > 1) return to + 1;
  writeU8(to + 1, 46);
  writeU8(to + 2, 48 + <u32> minor);
  return to + 3;
}

/** Whether a response can have the status. */
export function isStatus(status: u64): bool {
  return status >= 100 && status <= 999;
}

/* Strings lie behind the fixed bytes of a capture in the order of their numbers, each rounded up to 8 bytes. */

/** Bytes of a string as the kernel says. */
export function capturedBytes(record: usize, index: u32): u32 {
  return readU16(record + OFFSET_SPAN_STRING_BYTES + (<usize> index << 1));
}

export function isCut(record: usize, index: u32): bool {
  return (readU8(record + OFFSET_SPAN_TRUNCATED) >> index & 1) != 0;
}

/** Bytes of the string at `at`, without a character that the kernel cut in two. */
export function stringBytes(record: usize, index: u32, at: usize): u32 {
  const bytes = capturedBytes(record, index);
  return isCut(record, index) ? withoutCutSequence(at, bytes) : bytes;
}

/** The place of the string after the one of number `index` that lies at `at`. */
export function next(record: usize, index: u32, at: usize): usize {
  return at + (<usize> (capturedBytes(record, index) + 7) & ~7);
}
