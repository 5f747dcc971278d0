/**
 * Writes a client's url.full the way net/url's URL.String would, but with user info and sensitive query values
 * redacted. Escaping rules: shouldEscape and validEncoded of Go's src/net/url/url.go, the same from 1.17 to 1.27.
 */
import { copy, find, isSubset, readU8, writeU8 } from "./cursor";
import { TEXT_USER_REDACTED, TEXT_USER_REDACTED_BYTES } from "./keys.gen";
import { redacted } from "./query";

/* Sets of ASCII characters, as bits 0-63 and 64-127. */
const UNRESERVED_LOW: u64 = 0x03ff600000000000; // - . 0-9
const LETTERS: u64 = 0x47fffffe87fffffe; // A-Z a-z _ ~
const HOST_LOW: u64 = UNRESERVED_LOW | 0x7c001fd600000000; // ! " $ & ' ( ) * + , : ; < = >
const HOST_HIGH: u64 = LETTERS | 0x0000000028000000; // [ ]
const PATH_LOW: u64 = UNRESERVED_LOW | 0x2c00985000000000; // $ & + , / : ; =
const PATH_HIGH: u64 = LETTERS | 0x0000000000000001; // @
const ENCODED_LOW: u64 = PATH_LOW | 0x000007a200000000; // ! % ' ( ) *
const ENCODED_HIGH: u64 = PATH_HIGH | 0x0000000028000000; // [ ]

/* The same sets of what needs no escape, as isSubset wants them. */
const HOST_SET: v128 = i8x16(-88, -4, -4, -8, -4, -8, -4, -4, -4, -4, -4, 124, 92, 124, -36, 112);
const PATH_SET: v128 = i8x16(-72, -8, -8, -8, -4, -8, -4, -8, -8, -8, -8, 92, 84, 92, -44, 116);

const SLASH: u32 = 47;
const PERCENT: u32 = 37;
const AT: u32 = 64;
const ASTERISK: u32 = 42;

function has(low: u64, high: u64, byte: u32): bool {
  if (byte > 127) return false;
  return ((byte < 64 ? low >> byte : high >> (byte - 64)) & 1) != 0;
}

function hexDigit(value: u32): u32 {
  return value < 10 ? 48 + value : 55 + value;
}

function escaped(to: usize, at: usize, bytes: u32, low: u64, high: u64): usize {
  for (let index: u32 = 0; index < bytes; index++) {
    const byte = readU8(at + index);
    if (has(low, high, byte)) {
      writeU8(to++, byte);
      continue;
    }
    writeU8(to, PERCENT);
    writeU8(to + 1, hexDigit(byte >> 4));
    writeU8(to + 2, hexDigit(byte & 15));
    to += 3;
  }
  return to;
}

export function host(to: usize, at: usize, bytes: u32): usize {
  return isSubset(at, bytes, HOST_SET) ? copy(to, at, bytes) : escaped(to, at, bytes, HOST_LOW, HOST_HIGH);
}

/** "REDACTED:REDACTED@" */
export function user(to: usize): usize {
  return copy(to, TEXT_USER_REDACTED, TEXT_USER_REDACTED_BYTES);
}

/**
 * Writes URL.EscapedPath, with the slash that String puts before a relative path. `rawWhole` and `pathWhole` say
 * that a text was not cut: of cut ones, what is there is compared.
 */
export function path(
  to: usize,
  at: usize,
  bytes: u32,
  pathWhole: bool,
  raw: usize,
  rawBytes: u32,
  rawWhole: bool,
): usize {
  const useRaw = rawBytes > 0 && encodes(raw, rawBytes, rawWhole, at, bytes, pathWhole);
  const first = useRaw ? readU8(raw) : bytes > 0 ? readU8(at) : SLASH;
  if (first != SLASH) writeU8(to++, SLASH);
  if (useRaw) return copy(to, raw, rawBytes);
  if (bytes == 1 && readU8(at) == ASTERISK) {
    writeU8(to, ASTERISK);
    return to + 1;
  }
  return isSubset(at, bytes, PATH_SET) ? copy(to, at, bytes) : escaped(to, at, bytes, PATH_LOW, PATH_HIGH);
}

function hexValue(byte: u32): i32 {
  if (byte - 48 < 10) return byte - 48;
  const letter = (byte | 0x20) - 97;
  return letter < 6 ? <i32> letter + 10 : -1;
}

/** Whether `raw` is a valid encoding of `at`. */
function encodes(raw: usize, rawBytes: u32, rawWhole: bool, at: usize, bytes: u32, pathWhole: bool): bool {
  let decoded: u32 = 0;
  for (let index: u32 = 0; index < rawBytes; index++) {
    let byte = readU8(raw + index);
    if (!has(ENCODED_LOW, ENCODED_HIGH, byte)) return false;
    if (byte == PERCENT) {
      if (index + 2 >= rawBytes) return !rawWhole;
      const high = hexValue(readU8(raw + index + 1));
      const low = hexValue(readU8(raw + index + 2));
      if (high < 0 || low < 0) return false;
      byte = <u32> (high << 4 | low);
      index += 2;
    }
    if (decoded == bytes) return !pathWhole;
    if (byte != readU8(at + decoded)) return false;
    decoded++;
  }
  return decoded == bytes || !rawWhole;
}

/** Writes an opaque part; user info in one that begins with an authority is redacted. */
export function opaque(to: usize, at: usize, bytes: u32): usize {
  if (bytes < 2 || readU8(at) != SLASH || readU8(at + 1) != SLASH) return copy(to, at, bytes);
  const authority = find(at + 2, bytes - 2, SLASH);
  let user: u32 = 0;
  for (let index: u32 = 0; index < authority; index++) {
    if (readU8(at + 2 + index) == AT) user = index + 1;
  }
  if (user == 0) return copy(to, at, bytes);
  writeU8(to, SLASH);
  writeU8(to + 1, SLASH);
  to = copy(to + 2, TEXT_USER_REDACTED, TEXT_USER_REDACTED_BYTES);
  return copy(to, at + 2 + user, bytes - 2 - user);
}

/** Writes '?' and the query when there is one or the mark is forced. */
export function query(to: usize, at: usize, bytes: u32, forced: bool): usize {
  if (bytes == 0 && !forced) return to;
  writeU8(to, 63);
  return redacted(to + 1, at, bytes);
}
