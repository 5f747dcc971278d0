/**
 * Takes one row apart: an OTLP trace.v1.Span as any decoder may have written it. Nothing of it is believed; a row
 * whose lengths do not add up, or that lacks what every span has, cannot be read. Called by stage.ts.
 */
import { readU16, readU32, readU64, readU8 } from "../assembly/cursor";
import { attributeOf, clearAttributes, setNumber, setText, UNKNOWN } from "./attributes";

export const KIND_SERVER: u32 = 2;
export const KIND_CLIENT: u32 = 3;
const STATUS_ERROR: u64 = 2;
const SAMPLED: u32 = 1;

/** What `readRow` found. */
export let spanAt: usize = 0;
export let spanEnd: usize = 0;
export let traceAt: usize = 0;
export let spanId: u64 = 0;
export let parentId: u64 = 0;
/** The field "name", with its tag; its content. */
export let nameField: usize = 0;
export let nameAt: usize = 0;
export let nameBytes: u32 = 0;
export let kind: u32 = 0;
export let startNs: u64 = 0;
export let endNs: u64 = 0;
export let failed: bool = false;
/** Spans that do not say are taken for sampled. */
export let sampled: bool = true;
/** The place behind the last attribute, 0 where there is none. */
export let attributesEnd: usize = 0;

/* Result of `varint`: the place behind it, 0 where it is cut or too long. */
let behind: usize = 0;

function varint(at: usize, end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && at < end; shift += 7) {
    const byte = readU8(at++);
    value |= <u64> (byte & 0x7f) << shift;
    if (byte < 0x80) {
      behind = at;
      return value;
    }
  }
  behind = 0;
  return 0;
}

/* Result of `field`: its content, and the number of a varint field. */
let contentAt: usize = 0;
let contentEnd: usize = 0;
let number: u64 = 0;

/** Reads the field at `at`; yields its tag, 0 where there is none that can be read. */
function field(at: usize, end: usize): u32 {
  let tag = at < end ? readU8(at) : 0;
  if (tag < 0x80) {
    behind = at + 1;
  } else {
    const wide = varint(at, end);
    if (behind == 0 || wide > 0xffffffff) return 0;
    tag = <u32> wide;
  }
  if (tag >> 3 == 0) return 0;
  contentAt = behind;
  switch (tag & 7) {
    case 0:
      number = varint(contentAt, end);
      if (behind == 0) return 0;
      contentEnd = behind;
      return tag;
    case 1:
      contentEnd = contentAt + 8;
      break;
    case 2: {
      let bytes: u64 = contentAt < end ? readU8(contentAt) : 0x80;
      if (bytes < 0x80) {
        contentAt++;
      } else {
        bytes = varint(contentAt, end);
        if (behind == 0 || bytes > <u64> (end - behind)) return 0;
        contentAt = behind;
      }
      contentEnd = contentAt + <usize> bytes;
      break;
    }
    case 5:
      contentEnd = contentAt + 4;
      break;
    default:
      return 0;
  }
  return contentEnd <= end ? tag : 0;
}

/** Reads the row's one field, tag included; false when it is no span that can be measured. */
export function readRow(at: usize, bytes: u32): bool {
  const end = at + bytes;
  clearAttributes();
  if (field(at, end) != 0x12 || contentEnd != end) return false;
  spanAt = contentAt;
  spanEnd = end;
  traceAt = 0;
  spanId = 0;
  parentId = 0;
  nameField = 0;
  nameBytes = 0;
  kind = 0;
  startNs = 0;
  endNs = 0;
  failed = false;
  sampled = true;
  attributesEnd = 0;
  let next = readIds(spanAt, end);
  while (next < end) {
    const plain = readPlain(next, end);
    if (plain != 0) {
      next = attributesEnd = plain;
      continue;
    }
    const behindTimes = readTimes(next, end);
    if (behindTimes != 0) {
      next = behindTimes;
      continue;
    }
    const tag = field(next, end);
    if (tag == 0) return false;
    const from = next;
    next = contentEnd;
    switch (tag) {
      case 0x4a:
        attributesEnd = next;
        if (!readAttribute(contentAt, next)) return false;
        break;
      case 0x0a:
        if (next - contentAt != 16) return false;
        traceAt = contentAt;
        break;
      case 0x12:
        if (next - contentAt != 8) return false;
        spanId = readU64(contentAt);
        break;
      case 0x22:
        if (next - contentAt != 8 && next != contentAt) return false;
        parentId = next == contentAt ? 0 : readU64(contentAt);
        break;
      case 0x2a:
        nameField = from;
        nameAt = contentAt;
        nameBytes = <u32> (next - contentAt);
        break;
      case 0x30:
        kind = number > 0xff ? 0 : <u32> number;
        break;
      case 0x39:
        startNs = readU64(contentAt);
        break;
      case 0x41:
        endNs = readU64(contentAt);
        break;
      case 0x7a:
        if (!readStatus(contentAt, next)) return false;
        break;
      case 0x85:
        sampled = (readU32(contentAt) & SAMPLED) != 0;
        break;
    }
  }
  return traceAt != 0 && spanId != 0 && startNs != 0 && endNs != 0 &&
    (kind == KIND_SERVER || kind == KIND_CLIENT);
}

/** Reads trace_id and span_id if the span begins with them, as all of ours do; yields the place behind. */
function readIds(at: usize, end: usize): usize {
  if (at + 28 > end || readU16(at) != 0x100a || readU16(at + 18) != 0x0812) return at;
  traceAt = at + 2;
  spanId = readU64(at + 20);
  return at + 28;
}

/** Reads kind, start and end if they lie here side by side; yields the place behind, 0 when they do not. */
function readTimes(at: usize, end: usize): usize {
  if (at + 20 > end || readU8(at) != 0x30 || readU8(at + 2) != 0x39 || readU8(at + 11) != 0x41) return 0;
  if (readU8(at + 1) > 0x7f) return 0;
  kind = readU8(at + 1);
  startNs = readU64(at + 3);
  endNs = readU64(at + 12);
  return at + 20;
}

/**
 * Reads an attribute as nearly all are: short, key before value, a text or number alone in the value. Yields the place
 * behind, 0 when it is none of these.
 */
function readPlain(at: usize, end: usize): usize {
  if (at + 8 > end || readU8(at) != 0x4a || readU8(at + 2) != 0x0a) return 0;
  const bytes = readU8(at + 1);
  const nameLength = readU8(at + 3);
  const name = at + 4;
  const next = at + 2 + bytes;
  const value = name + nameLength;
  if (bytes > 0x7f || nameLength > 0x7f || next > end || value + 4 > next) return 0;
  if (readU8(value) != 0x12 || value + 2 + readU8(value + 1) != next) return 0;
  const type = readU8(value + 2);
  if (type == 0x0a) {
    const length = readU8(value + 3);
    if (value + 4 + length != next) return 0;
    const attribute = attributeOf(name, nameLength);
    if (attribute != UNKNOWN) setText(attribute, value + 4, length);
    return next;
  }
  if (type != 0x18) return 0;
  const read = varint(value + 3, next);
  if (behind != next) return 0;
  const attribute = attributeOf(name, nameLength);
  if (attribute != UNKNOWN) setNumber(attribute, read);
  return next;
}

/** KeyValue: key = 1, value = 2. */
function readAttribute(at: usize, end: usize): bool {
  let name: usize = 0;
  let nameLength: u32 = 0;
  let value: usize = 0;
  let valueEnd: usize = 0;
  while (at < end) {
    const tag = field(at, end);
    if (tag == 0) return false;
    at = contentEnd;
    if (tag == 0x0a) {
      name = contentAt;
      nameLength = <u32> (contentEnd - contentAt);
    } else if (tag == 0x12) {
      value = contentAt;
      valueEnd = contentEnd;
    }
  }
  const attribute = attributeOf(name, nameLength);
  return attribute == UNKNOWN || readValue(attribute, value, valueEnd);
}

/** AnyValue: string_value = 1, int_value = 3; others are as if absent. */
function readValue(attribute: u32, at: usize, end: usize): bool {
  while (at < end) {
    const tag = field(at, end);
    if (tag == 0) return false;
    at = contentEnd;
    if (tag == 0x0a) setText(attribute, contentAt, <u32> (contentEnd - contentAt));
    else if (tag == 0x18) setNumber(attribute, number);
  }
  return true;
}

/** Status: code = 3. */
function readStatus(at: usize, end: usize): bool {
  while (at < end) {
    const tag = field(at, end);
    if (tag == 0) return false;
    at = contentEnd;
    if (tag == 0x18) failed = number == STATUS_ERROR;
  }
  return true;
}
