/**
 * The attributes of the span at hand by number. Which names have numbers is the host's choice: those that spans
 * carry and those that rules name. Filled by row.ts; read by whoever needs a value.
 */
import { decimal } from "../assembly/address";
import { readU32, readU64, readU8, writeU32, writeU64, writeU8 } from "../assembly/cursor";
import { same } from "./bytes";
import {
  ATTRIBUTE_BYTES,
  ATTRIBUTES_OFFSET,
  MAX_ATTRIBUTES,
  RULES_KEY_BYTES,
  RULES_KEY_INDEX,
  RULES_KEYS,
  RULES_OFFSET,
  SCRATCH_NUMBER_OFFSET,
} from "./memory_map";

/** No attribute that anybody asks for. */
export const UNKNOWN: u32 = 0xffffffff;

/** What a value is. */
export const ABSENT: u32 = 0;
export const TEXT: u32 = 1;
export const NUMBER: u32 = 2;

/* Slot: u32 the span it belongs to, u32 type, u32 address, u32 bytes, u64 number. */
const TYPE: usize = 4;
const ADDRESS: usize = 8;
const BYTES: usize = 12;
const VALUE: usize = 16;

/* Key: u32 bytes, then at 16 the name. Index: 256 bytes, number + 1 (0: empty), open addressing. */
const KEY_NAME: usize = 16;
const MAX_KEY_BYTES: u32 = RULES_KEY_BYTES - 16;
const KEY_FACTOR: u64 = 0x9e3779b97f4a7c15;

/** Result of `readText`. */
export let valueAt: usize = 0;
export let valueBytes: u32 = 0;

/** Distinguishes this span's slots from those of spans before. */
let span: u32 = 0;

function slotOf(attribute: u32): usize {
  return <usize> ATTRIBUTES_OFFSET + <usize> attribute * ATTRIBUTE_BYTES;
}

/** Forgets the attributes of the span before. */
export function clearAttributes(): void {
  if (++span != 0) return;
  for (let attribute: u32 = 0; attribute < <u32> MAX_ATTRIBUTES; attribute++) writeU32(slotOf(attribute), 0);
  span = 1;
}

/** The number of an attribute, or UNKNOWN. At least 8 bytes lie before the name. */
export function attributeOf(name: usize, bytes: u32): u32 {
  if (bytes == 0 || bytes > MAX_KEY_BYTES) return UNKNOWN;
  let word = readU64(name + bytes - 8);
  if (bytes < 8) word >>= <u64> (64 - 8 * bytes);
  let at = <u32> (((word ^ bytes) * KEY_FACTOR) >> 56);
  while (true) {
    const found = readU8(<usize> RULES_OFFSET + RULES_KEY_INDEX + at);
    if (found == 0) return UNKNOWN;
    const key = <usize> RULES_OFFSET + RULES_KEYS + <usize> (found - 1) * RULES_KEY_BYTES;
    if (readU32(key) == bytes && same(key + KEY_NAME, name, bytes)) return found - 1;
    at = (at + 1) & 0xff;
  }
}

export function setText(attribute: u32, at: usize, bytes: u32): void {
  const slot = slotOf(attribute);
  writeU64(slot, <u64> span | <u64> TEXT << 32);
  writeU64(slot + ADDRESS, <u64> at | <u64> bytes << 32);
}

export function setNumber(attribute: u32, value: u64): void {
  const slot = slotOf(attribute);
  writeU64(slot, <u64> span | <u64> NUMBER << 32);
  writeU64(slot + VALUE, value);
}

export function typeOf(attribute: u32): u32 {
  const slot = slotOf(attribute);
  return readU32(slot) == span ? readU32(slot + TYPE) : ABSENT;
}

/** The value of an attribute that is a NUMBER. */
export function numberOf(attribute: u32): u64 {
  return readU64(slotOf(attribute) + VALUE);
}

/** Leaves an attribute as text in valueAt and valueBytes: a number in decimal, one that is absent as nothing. */
export function readText(attribute: u32): void {
  const slot = slotOf(attribute);
  const type = typeOf(attribute);
  if (type == TEXT) {
    valueAt = readU32(slot + ADDRESS);
    valueBytes = readU32(slot + BYTES);
    return;
  }
  valueAt = SCRATCH_NUMBER_OFFSET;
  valueBytes = type == NUMBER ? <u32> (digits(SCRATCH_NUMBER_OFFSET, numberOf(attribute)) - valueAt) : 0;
}

function digits(to: usize, number: u64): usize {
  if (<i64> number < 0) {
    writeU8(to++, 45);
    number = 0 - number;
  }
  if (number <= 0xffffffff) return decimal(to, <u32> number);
  const high = digits(to, number / 1000000000);
  let low = <u32> (number % 1000000000);
  for (let place: u32 = 9; place > 0; place--) {
    writeU8(high + place - 1, 48 + low % 10);
    low /= 10;
  }
  return high + 9;
}
