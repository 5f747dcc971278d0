/**
 * Records that no kernel sends, made from good ones: changed, cut, oversized, random, repeated. The same for each run
 * over the same records. Fed to decoders by battery.ts.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { kindOf } from "./records.ts";
import { seededRandom } from "./random.ts";

const SEED = 20261124;
const MUTATIONS = 2000;
const RANDOM_RECORDS = 200;
/** Span ids among which mutated starts and ends find each other. */
const IDS = 40;
const NASTY = [0, 1, 0x7f, 0x80, 0xff];
const KINDS = [wire.KIND_SPAN_START, wire.KIND_SPAN_END, wire.KIND_SPAN_LOST, 63];
/** Longest record that the loader passes on. */
const LONGEST_BYTES = wire.MAX_RECORD_BYTES - 8;

type Random = (below: number) => number;

/** Every hostile record, in order. */
export function* hostileRecords(good: readonly Uint8Array[]): Generator<Uint8Array> {
  const random = seededRandom(SEED);
  yield* cutRecords(good);
  yield* oversizeStrings(good);
  for (let left = MUTATIONS; left > 0; left--) yield mutated(good[random(good.length)]!, random);
  for (let left = RANDOM_RECORDS; left > 0; left--) yield noise(random);
  for (const kind of KINDS) yield longest(kind);
}

/** A record of another size, which its head tells. */
function resized(record: Uint8Array, bytes: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy.set(record.subarray(0, bytes));
  new DataView(copy.buffer).setUint32(wire.OFFSET_HEADER_SIZE, bytes, true);
  return copy;
}

/** Each record ended behind its head, in the middle, and one word too early. */
function* cutRecords(good: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const record of good) {
    for (const bytes of [wire.SIZEOF_HEADER, wire.SIZEOF_SPAN, record.length >> 4 << 3, record.length - 8]) {
      if (bytes < wire.SIZEOF_HEADER || bytes > record.length) continue;
      yield record;
      yield resized(record, bytes);
    }
  }
}

/** Each record with strings that say to be longer than the record. */
function* oversizeStrings(good: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const record of good) {
    if (record.length < wire.SIZEOF_SPAN) continue;
    for (let string = 0; string < wire.MAX_STRINGS; string++) {
      for (const length of [0xffff, 513, record.length]) {
        const copy = record.slice();
        new DataView(copy.buffer).setUint16(wire.OFFSET_SPAN_STRING_BYTES + 2 * string, length, true);
        yield copy;
      }
    }
  }
}

function mutated(record: Uint8Array, random: Random): Uint8Array {
  const bytes = withSpanId(record, random(IDS));
  for (let change = random(4); change > 0; change--) {
    const within = random(3) === 0 ? bytes.length : Math.min(wire.SIZEOF_SPAN, bytes.length);
    const at = wire.SIZEOF_HEADER + random(within - wire.SIZEOF_HEADER);
    bytes[at] = random(2) === 0 ? random(256) : NASTY[random(NASTY.length)]!;
  }
  if (random(5) > 0) return bytes;
  return resized(bytes, wire.SIZEOF_HEADER + random(bytes.length - wire.SIZEOF_HEADER + 1) & ~7);
}

/** A copy whose span id is that byte eight times. */
function withSpanId(record: Uint8Array, id: number): Uint8Array {
  const copy = record.slice();
  const at = kindOf(copy) === wire.KIND_SPAN_LOST ? wire.OFFSET_SPAN_LOST_SPAN_ID : wire.OFFSET_SPAN_SPAN_ID;
  if (at + 8 <= copy.length) copy.fill(id, at, at + 8);
  return copy;
}

function noise(random: Random): Uint8Array {
  const bytes = new Uint8Array(wire.SIZEOF_HEADER + 8 * random(160));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random(256);
  return asRecord(bytes, KINDS[random(KINDS.length)]!);
}

function longest(kind: number): Uint8Array {
  return asRecord(new Uint8Array(LONGEST_BYTES).fill(0xff), kind);
}

function asRecord(bytes: Uint8Array, kind: number): Uint8Array {
  const view = new DataView(bytes.buffer);
  view.setUint32(wire.OFFSET_HEADER_SIZE, bytes.length, true);
  view.setUint16(wire.OFFSET_HEADER_KIND, kind, true);
  return bytes;
}
