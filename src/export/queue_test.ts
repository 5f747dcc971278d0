import { deepEqual, equal } from "node:assert/strict";
import { batchBytes, encodeSpan } from "../../tests/support/otlp_proto.ts";
import type { SpanBatch } from "../decoder/span_batch.ts";
import { createResource } from "../trace/resource.ts";
import { decodeSpan } from "../trace/otlp_span.ts";
import { splitSpans } from "../trace/split.ts";
import { SpanQueue, type SpanQueueOptions } from "./queue.ts";

const RESOURCE = createResource({ pid: 7, exe: "/a", goVersion: null, environment: {}, hostName: "h" });

function batch(count: number): SpanBatch {
  return { pid: 7, count, bytes: batchBytes(Array.from({ length: count }, () => encodeSpan())) };
}

function spanIds(bytes: Uint8Array): string[] {
  return splitSpans(bytes).map(({ start, end }) => decodeSpan(bytes.subarray(start, end)).spanId);
}

function make(options: Partial<SpanQueueOptions> = {}): SpanQueue {
  return new SpanQueue({
    maxSpans: 101,
    maxBytes: 1_000_003,
    maxBatch: 23,
    maxBatchBytes: 1_000_003,
    ...options,
  });
}

Deno.test("SpanQueue hands out the oldest first, at most one request's worth", () => {
  const queue = make();
  const put = [batch(10), batch(10), batch(10)];
  put.forEach((each, index) => equal(queue.put(RESOURCE, each, { at: index, elsewhere: 0 }), 0));
  deepEqual([queue.spans, queue.oldestAt], [30, 0]);
  deepEqual(queue.take().map(({ bytes }) => bytes), [put[0]!.bytes, put[1]!.bytes]);
  deepEqual([queue.spans, queue.oldestAt], [10, 2]);
  deepEqual(queue.take().map(({ bytes }) => bytes), [put[2]!.bytes]);
  deepEqual([queue.spans, queue.bytes, queue.oldestAt, queue.take().length], [0, 0, null, 0]);
});

Deno.test("SpanQueue cuts a batch larger than a request at borders of spans", () => {
  const queue = make();
  const large = batch(53);
  equal(queue.put(RESOURCE, large, { at: 0, elsewhere: 0 }), 0);
  const counts: number[] = [];
  const ids: string[] = [];
  while (queue.spans > 0) {
    const items = queue.take();
    counts.push(items.reduce((sum, { count }) => sum + count, 0));
    for (const { bytes, count } of items) {
      const slices = splitSpans(bytes);
      equal(slices.length, count);
      ids.push(...spanIds(bytes));
    }
  }
  deepEqual(counts, [23, 23, 7]);
  deepEqual(ids, spanIds(large.bytes));
});

Deno.test("SpanQueue takes the part that fits and says how many spans did not", () => {
  const queue = make({ maxSpans: 31 });
  equal(queue.put(RESOURCE, batch(20), { at: 0, elsewhere: 0 }), 0);
  equal(queue.put(RESOURCE, batch(20), { at: 0, elsewhere: 4 }), 13);
  equal(queue.spans, 27);
  equal(queue.put(RESOURCE, batch(5), { at: 0, elsewhere: 40 }), 5);
  equal(queue.spans, 27);
});

Deno.test("SpanQueue is bounded in bytes too", () => {
  const one = batch(1);
  const queue = make({ maxBytes: one.bytes.length * 3 });
  deepEqual([1, 2, 3, 4].map(() => queue.put(RESOURCE, batch(1), { at: 0, elsewhere: 0 })), [0, 0, 0, 1]);
  queue.take();
  equal(queue.put(RESOURCE, one, { at: 0, elsewhere: 0 }), 0);
});

Deno.test("SpanQueue hands out no more bytes than one request may have, unless a single span has more", () => {
  const put = [batch(3), batch(3), batch(3), batch(10)];
  const queue = make({ maxBatchBytes: put[0]!.bytes.length * 2 });
  put.forEach((each) => equal(queue.put(RESOURCE, each, { at: 0, elsewhere: 0 }), 0));
  const counts: number[][] = [];
  while (queue.spans > 0) counts.push(queue.take().map(({ count }) => count));
  deepEqual(counts, [[3, 3], [3], [6], [4]]);
  equal(queue.bytes, 0);
  const narrow = make({ maxBatchBytes: 7 });
  equal(narrow.put(RESOURCE, batch(2), { at: 0, elsewhere: 0 }), 0);
  deepEqual([1, 2].map(() => narrow.take().map(({ count }) => count)), [[1], [1]]);
});

Deno.test("SpanQueue keeps no large buffer alive for a small view of it", () => {
  const { bytes } = batch(1);
  const buffer = new Uint8Array(1_000_003);
  buffer.set(bytes, 7);
  const queue = make();
  queue.put(RESOURCE, { pid: 7, count: 1, bytes: buffer.subarray(7, 7 + bytes.length) }, {
    at: 0,
    elsewhere: 0,
  });
  const [item] = queue.take();
  deepEqual(item!.bytes, bytes);
  equal(item!.bytes.buffer.byteLength, bytes.length);
});

Deno.test("SpanQueue keeps its order over many rounds", () => {
  const queue = make({ maxSpans: 1_009, maxBatch: 1 });
  let next = 0;
  for (let at = 0; at < 2_003; at++) {
    queue.put(RESOURCE, batch(1), { at, elsewhere: 0 });
    if (at % 3 !== 0) equal(queue.take()[0]!.at, next++);
  }
  while (queue.spans > 0) equal(queue.take()[0]!.at, next++);
  equal(next, 2_003);
});
