/** Writes spans anew, with the route that was found. Called by stage.ts. */
import { copy, find, writeU16, writeU8 } from "../assembly/cursor";
import { attributesEnd, nameAt, nameBytes, nameField, spanAt, spanEnd } from "./row";

const SPANS_TAG: u32 = 0x12;
const NAME_TAG: u32 = 0x2a;
const SPACE: u32 = 32;

/** KeyValue.key of "http.route", 12 bytes. */
const ROUTE_KEY = memory.data<u8>([10, 10, 104, 116, 116, 112, 46, 114, 111, 117, 116, 101, 0, 0, 0, 0]);
const ROUTE_KEY_BYTES: u32 = 12;

/** Most bytes that a span with a route is longer than without, the route itself counted twice. */
export const GROWTH_BYTES: u32 = 64 + 2 * 255;

function varintBytes(value: u32): u32 {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function varint(to: usize, value: u32): usize {
  for (; value > 0x7f; value >>= 7) writeU8(to++, value & 0x7f | 0x80);
  writeU8(to, value);
  return to + 1;
}

/** Writes the span at hand with http.route and, where the name is but a method, with the route in its name. */
export function writeRouted(to: usize, route: usize, routeBytes: u32): usize {
  const renamed = nameField != 0 && nameBytes > 0 && find(nameAt, nameBytes, SPACE) == nameBytes;
  const longName = nameBytes + 1 + routeBytes;
  const nameEnd = nameAt + nameBytes;
  const valueBytes = 1 + varintBytes(routeBytes) + routeBytes;
  const attributeBytes = ROUTE_KEY_BYTES + 1 + varintBytes(valueBytes) + valueBytes;
  let bytes = <u32> (spanEnd - spanAt) + 1 + varintBytes(attributeBytes) + attributeBytes;
  if (renamed) bytes += 1 + varintBytes(longName) + longName - <u32> (nameEnd - nameField);

  writeU8(to, SPANS_TAG);
  to = varint(to + 1, bytes);
  // A name may lie behind the attributes: nothing says that fields come in order.
  if (renamed && nameField < attributesEnd) {
    to = writeName(copy(to, spanAt, <u32> (nameField - spanAt)), route, routeBytes);
    to = copy(to, nameEnd, <u32> (attributesEnd - nameEnd));
  } else {
    to = copy(to, spanAt, <u32> (attributesEnd - spanAt));
  }
  writeU8(to, 0x4a);
  to = copy(varint(to + 1, attributeBytes), ROUTE_KEY, ROUTE_KEY_BYTES);
  writeU8(to, 0x12);
  to = varint(to + 1, valueBytes);
  writeU8(to, 0x0a);
  to = copy(varint(to + 1, routeBytes), route, routeBytes);
  if (renamed && nameField > attributesEnd) {
    to = writeName(copy(to, attributesEnd, <u32> (nameField - attributesEnd)), route, routeBytes);
    return copy(to, nameEnd, <u32> (spanEnd - nameEnd));
  }
  return copy(to, attributesEnd, <u32> (spanEnd - attributesEnd));
}

function writeName(to: usize, route: usize, routeBytes: u32): usize {
  writeU8(to, NAME_TAG);
  to = copy(varint(to + 1, nameBytes + 1 + routeBytes), nameAt, nameBytes);
  writeU16(to, SPACE);
  return copy(to + 1, route, routeBytes);
}
