/**
 * Makes any bytes valid UTF-8, as OTLP strings must be. Texts that are ASCII, nearly all, are used where they
 * lie; others are repaired into a scratch area the way the WHATWG decoder does it.
 */
import { isAscii, readU8, writeU8 } from "./cursor";

/** Result of `clean`. */
export let textAt: usize = 0;
export let textBytes: u32 = 0;

/** Leaves in textAt and textBytes the text as valid UTF-8; `scratch` takes up to three times its bytes. */
export function clean(at: usize, bytes: u32, scratch: usize): void {
  if (isAscii(at, bytes)) {
    textAt = at;
    textBytes = bytes;
    return;
  }
  textAt = scratch;
  textBytes = repair(at, bytes, scratch);
}

/** The text's bytes without a sequence that is cut at its end. */
export function withoutCutSequence(at: usize, bytes: u32): u32 {
  const look = min<u32>(3, bytes);
  for (let back: u32 = 1; back <= look; back++) {
    const byte = readU8(at + bytes - back);
    if ((byte & 0xc0) == 0x80) continue;
    const need: u32 = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return need > back ? bytes - back : bytes;
  }
  return bytes;
}

function repair(at: usize, bytes: u32, to: usize): u32 {
  let out = to;
  let index: u32 = 0;
  while (index < bytes) {
    const valid = sequenceBytes(at + index, bytes - index);
    if (valid > 0) {
      const end = index + <u32> valid;
      for (; index < end; index++) writeU8(out++, readU8(at + index));
      continue;
    }
    writeU8(out++, 0xef);
    writeU8(out++, 0xbf);
    writeU8(out++, 0xbd);
    index += <u32> -valid;
  }
  return <u32> (out - to);
}

/** Bytes of the valid sequence that begins here, or minus the bytes of the longest beginning of one (at least 1). */
function sequenceBytes(at: usize, bytes: u32): i32 {
  const lead = readU8(at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const need: u32 = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  let low: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  let high: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (let index: u32 = 1; index <= need; index++) {
    if (index >= bytes) return -(<i32> index);
    const byte = readU8(at + index);
    if (byte < low || byte > high) return -(<i32> index);
    low = 0x80;
    high = 0xbf;
  }
  return <i32> need + 1;
}
