import { deepEqual, equal, throws } from "node:assert/strict";
import { ProtoReader } from "./proto_reader.ts";
import { ProtoWriter, varintBytes } from "./proto_writer.ts";

Deno.test("ProtoReader reads back what ProtoWriter wrote", () => {
  const bytes = new ProtoWriter().uint64Field(1, 300).stringField(2, "é").bytesField(3, new Uint8Array(1009))
    .uint64Field(4, -1n).finish();
  const reader = new ProtoReader(bytes);
  equal(reader.tag(), 1 << 3);
  equal(reader.uint32(), 300);
  equal(reader.tag(), 2 << 3 | 2);
  equal(reader.string(), "é");
  equal(reader.tag(), 3 << 3 | 2);
  equal(reader.bytes().length, 1009);
  equal(reader.tag(), 4 << 3);
  equal(reader.int64(), -1n);
  equal(reader.done, true);
});

Deno.test("ProtoReader.skip() passes over every wire type", () => {
  const bytes = new Uint8Array([
    0x08,
    0xff,
    0x01,
    0x11,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    0x1a,
    2,
    9,
    9,
    0x25,
    1,
    2,
    3,
    4,
  ]);
  const reader = new ProtoReader(bytes);
  const fields: number[] = [];
  while (!reader.done) {
    const tag = reader.tag();
    fields.push(tag >>> 3);
    reader.skip(tag);
  }
  deepEqual(fields, [1, 2, 3, 4]);
});

Deno.test("ProtoReader refuses fields that end beyond their message", () => {
  const f = (bytes: number[], read: (reader: ProtoReader) => unknown) =>
    throws(() => read(new ProtoReader(new Uint8Array(bytes))), RangeError);
  f([], (reader) => reader.tag());
  f([0x80], (reader) => reader.uint32());
  f(Array(11).fill(0x80), (reader) => reader.uint32());
  f(Array(11).fill(0x80), (reader) => reader.int64());
  f([5, 1, 2], (reader) => reader.bytes());
  f([0xff, 0xff, 0xff, 0xff, 0x0f], (reader) => reader.bytes());
  f([1, 2, 3], (reader) => reader.fixed32());
  f([1, 2, 3, 4, 5, 6, 7], (reader) => reader.fixed64());
  f([0x00], (reader) => reader.tag());
  f([0x0b], (reader) => reader.skip(reader.tag()));
});

Deno.test("ProtoReader.message() keeps a nested message inside its own end", () => {
  const outer = new ProtoReader(new Uint8Array([2, 0x08, 0x80, 0x01]));
  const inner = outer.message();
  inner.tag();
  throws(() => inner.uint32(), RangeError);
  throws(() => new ProtoReader(new Uint8Array(4), 3, 5), RangeError);
});

Deno.test("ProtoReader ends, without a crash, on any bytes", () => {
  const bytes = new Uint8Array(64);
  for (let round = 0; round < 5_003; round++) {
    crypto.getRandomValues(bytes);
    const reader = new ProtoReader(bytes);
    try {
      while (!reader.done) reader.skip(reader.tag());
    } catch (error) {
      equal(error instanceof RangeError, true);
    }
  }
});

Deno.test("varintBytes() equals what is written", () => {
  for (const value of [0, 1, 127, 128, 16383, 16384, 2 ** 28 - 1, 2 ** 28, 2 ** 32, 2 ** 40]) {
    equal(varintBytes(value), new ProtoWriter().varint(value).finish().length);
  }
});
