/** Takes "host:port" texts apart and writes IP addresses as text. Used for Host, RemoteAddr and the peer of a call. */
import { find, readU16, readU8, writeU8 } from "./cursor";

/** Result of `splitHostPort`; hostPort is -1 when there is none. */
export let hostAt: usize = 0;
export let hostBytes: u32 = 0;
export let hostPort: i32 = -1;

const MAX_PORT_DIGITS: u32 = 5;

const COLON: u32 = 58;
const OPEN: u32 = 91;
const CLOSE: u32 = 93;

/** Leaves host (without brackets) and port in hostAt, hostBytes and hostPort. A bare IPv6 address has no port. */
export function splitHostPort(at: usize, bytes: u32): void {
  hostAt = at;
  hostBytes = bytes;
  hostPort = -1;
  if (bytes == 0) return;
  if (readU8(at) == OPEN) {
    const close = find(at, bytes, CLOSE);
    hostAt = at + 1;
    hostBytes = close - 1;
    if (close + 1 < bytes && readU8(at + close + 1) == COLON) {
      hostPort = parsePort(at + close + 2, bytes - close - 2);
    }
    return;
  }
  const colon = find(at, bytes, COLON);
  if (colon == bytes) return;
  const left = bytes - colon - 1;
  if (find(at + colon + 1, left, COLON) != left) return;
  hostBytes = colon;
  hostPort = parsePort(at + colon + 1, bytes - colon - 1);
}

function parsePort(at: usize, digits: u32): i32 {
  if (digits == 0 || digits > MAX_PORT_DIGITS) return -1;
  let port = 0;
  for (let index: u32 = 0; index < digits; index++) {
    const digit = <i32> readU8(at + index) - 48;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port <= 0xffff ? port : -1;
}

/** Writes a decimal number; yields the place behind. */
export function decimal(to: usize, value: u32): usize {
  if (value >= 10) to = decimal(to, value / 10);
  writeU8(to, 48 + value % 10);
  return to + 1;
}

/** Writes four bytes as dotted decimal; yields the place behind. */
export function ipv4(to: usize, at: usize): usize {
  for (let index: u32 = 0; index < 4; index++) {
    if (index > 0) writeU8(to++, 46);
    to = decimal(to, readU8(at + index));
  }
  return to;
}

/** Writes 16 bytes as RFC 5952 asks, an IPv4-mapped address as IPv4; yields the place behind. */
export function ipv6(to: usize, at: usize): usize {
  if (isMapped(at)) return ipv4(to, at + 12);
  let gap: u32 = 8;
  let gapGroups: u32 = 1;
  for (let first: u32 = 0; first < 8; first++) {
    let end = first;
    while (end < 8 && readU16(at + (end << 1)) == 0) end++;
    if (end - first > gapGroups) {
      gap = first;
      gapGroups = end - first;
    }
  }
  for (let index: u32 = 0; index < 8; index++) {
    if (index == gap) {
      writeU8(to++, COLON);
      writeU8(to++, COLON);
      index += gapGroups - 1;
      continue;
    }
    if (index > 0 && index != gap + gapGroups) writeU8(to++, COLON);
    to = group(to, readU8(at + (index << 1)) << 8 | readU8(at + (index << 1) + 1));
  }
  return to;
}

function isMapped(at: usize): bool {
  for (let index: u32 = 0; index < 10; index += 2) {
    if (readU16(at + index) != 0) return false;
  }
  return readU16(at + 10) == 0xffff;
}

function group(to: usize, value: u32): usize {
  for (let shift: i32 = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0; shift >= 0; shift -= 4) {
    const digit = value >> shift & 15;
    writeU8(to++, digit < 10 ? 48 + digit : 87 + digit);
  }
  return to;
}
