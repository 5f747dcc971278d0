import assert from "node:assert/strict";
import { KIND_REPLY, MAX_RECORD_BYTES, SIZEOF_HEADER } from "../../bpf/wire.gen.ts";
import { RecordReader } from "./records.ts";
import { WireError } from "./wire_error.ts";

function record(size: number, kind: number, statedSize = size): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xee);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, statedSize, true);
  view.setUint16(4, kind, true);
  return bytes;
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function readAll(reader: RecordReader, chunk: Uint8Array): [number, number][] {
  const seen: [number, number][] = [];
  reader.push(chunk, (bytes, kind) => seen.push([bytes.length, kind]));
  return seen;
}

Deno.test("RecordReader.push() keeps a record split across three chunks", () => {
  const reader = new RecordReader();
  const bytes = record(64, KIND_REPLY);
  assert.deepEqual(readAll(reader, bytes.subarray(0, 10)), []);
  assert.deepEqual(readAll(reader, bytes.subarray(10, 50)), []);
  assert.equal(reader.pendingBytes, 50);
  assert.deepEqual(readAll(reader, join(bytes.subarray(50), record(24, 5))), [[64, KIND_REPLY], [24, 5]]);
  reader.end();
});

Deno.test("RecordReader.push() keeps the longest record, byte for byte", () => {
  const reader = new RecordReader();
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const long = join(record(MAX_RECORD_BYTES - bytes.length, 8, MAX_RECORD_BYTES), bytes);
  assert.deepEqual(readAll(reader, long.subarray(0, 100_000)), []);
  let seen: Uint8Array | null = null;
  reader.push(long.subarray(100_000), (whole) => seen = whole.slice());
  assert.deepEqual(seen, long);
});

Deno.test("RecordReader.push() passes on kinds that it does not know", () => {
  assert.deepEqual(readAll(new RecordReader(), record(32, 63)), [[32, 63]]);
});

for (
  const [size, words] of [
    [0, /size is 0, must be at least 24/],
    [SIZEOF_HEADER - 8, /must be at least 24/],
    [SIZEOF_HEADER + 4, /size is 28, must be a multiple of 8/],
    [MAX_RECORD_BYTES + 8, /must be at most 131072/],
    [0xffffffff, /must be at most/],
  ] as const
) {
  Deno.test(`RecordReader.push() throws at size ${size}, and tells where`, () => {
    for (const cut of [0, 3]) {
      const reader = new RecordReader();
      const stream = join(record(40, 2), record(24, 9, size));
      readAll(reader, stream.subarray(0, 40 + cut));
      assert.throws(() => readAll(reader, stream.subarray(40 + cut)), (error) => {
        assert.ok(error instanceof WireError);
        assert.match(error.message, words);
        assert.deepEqual([error.offset, error.kind], [40, 9]);
        return true;
      });
    }
  });
}

Deno.test("RecordReader.end() throws when the stream ended inside a record", () => {
  const reader = new RecordReader();
  readAll(reader, join(record(24, 5), record(40, 9).subarray(0, 30)));
  assert.throws(() => reader.end(), /Cannot read record at byte 24: stream ended after 30 bytes/);
});
