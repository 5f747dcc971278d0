/** Every start record is accounted for: exported, in flight, or lost for one reason. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { INPUT_BYTES, OUTPUT_BYTES, SLOT_COUNT } from "../../decoder-as/assembly/memory_map.ts";
import type { DecoderCounters, DecoderInstance } from "../../src/decoder/host.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { lost, PID, record } from "../../decoder-as/samples/plan_runner.ts";
import { Fixture } from "./fixture.ts";
import { readBatches } from "./spans.ts";

const NEWEST = "go1.27.4";

function spanId(number: number): string {
  return (0x1000_0000_0000_0000n + BigInt(number)).toString(16);
}

function pair(fixture: Fixture, number: number, pid = PID) {
  const head = { spanId: spanId(number), pid };
  return fixture.server({}, {}, { start: head, end: head });
}

function assertBalanced(decoder: DecoderInstance): DecoderCounters {
  const counters = decoder.counters();
  const lostInAll = Object.values(counters.lost).reduce((sum, count) => sum + count, 0);
  assert.equal(counters.starts, counters.spans + lostInAll + counters.inFlight);
  return counters;
}

Deno.test("decoder: pairs interleaved starts and ends by span id", () => {
  const fixture = new Fixture(NEWEST);
  const pairs = Array.from({ length: 100 }, (_, number) => pair(fixture, number));
  const spans = fixture.decode(...pairs.map(([start]) => start), ...pairs.toReversed().map(([, end]) => end));
  assert.deepEqual(
    spans.map((span) => span.spanId),
    Array.from({ length: 100 }, (_, number) => spanId(99 - number)),
  );
  const { spans: exported, inFlight } = assertBalanced(fixture.decoder);
  assert.deepEqual({ exported, inFlight }, { exported: 100, inFlight: 0 });
});

Deno.test("decoder: groups spans by process, in order", () => {
  const fixture = new Fixture(NEWEST);
  const batches: SpanBatch[] = [];
  for (const [number, pid] of [[1, 10], [2, 20], [3, 10]] as const) {
    for (const one of pair(fixture, number, pid)) fixture.decoder.add(one);
  }
  fixture.decoder.decode(batches);
  assert.deepEqual(batches.map(({ pid, count }) => ({ pid, count })), [{ pid: 10, count: 2 }, {
    pid: 20,
    count: 1,
  }]);
});

Deno.test("decoder: an end without a start is an orphan, and so is a second end", () => {
  const fixture = new Fixture(NEWEST);
  const [start, end] = pair(fixture, 1);
  assert.equal(fixture.decode(end).length, 0);
  assert.equal(fixture.decode(start, end, end).length, 1);
  assert.equal(assertBalanced(fixture.decoder).orphans, 2);
});

Deno.test("decoder: an end of another process does not end the span", () => {
  const fixture = new Fixture(NEWEST);
  const [start] = pair(fixture, 1);
  const [, end] = pair(fixture, 1, PID + 1);
  assert.equal(fixture.decode(start, end).length, 0);
  const { inFlight, orphans } = assertBalanced(fixture.decoder);
  assert.deepEqual({ inFlight, orphans }, { inFlight: 1, orphans: 1 });
});

Deno.test("decoder: SPAN_LOST takes the span out of flight by its reason", () => {
  const fixture = new Fixture(NEWEST);
  fixture.decode(
    pair(fixture, 1)[0],
    pair(fixture, 2)[0],
    lost(wire.LOST_END_RING_FULL, { spanId: spanId(1) }),
    lost(wire.LOST_ABANDONED, { spanId: spanId(2) }),
    lost(wire.LOST_ABANDONED, { spanId: spanId(3) }),
  );
  const counters = assertBalanced(fixture.decoder);
  assert.equal(counters.lost.end_ring_full, 1);
  assert.equal(counters.lost.abandoned, 1);
  assert.equal(counters.inFlight, 0);
});

Deno.test("decoder: a second start with the same span id gives the first one up", () => {
  const fixture = new Fixture(NEWEST);
  const [start, end] = pair(fixture, 1);
  assert.equal(fixture.decode(start, start, end).length, 1);
  assert.equal(assertBalanced(fixture.decoder).lost.abandoned, 1);
});

Deno.test("decoder: starts beyond the table are lost, those in it still end", () => {
  const fixture = new Fixture(NEWEST);
  const [start] = pair(fixture, 0);
  const [, end] = pair(fixture, 0);
  const number = (bytes: Uint8Array, value: number) => {
    new DataView(bytes.buffer).setUint32(wire.OFFSET_SPAN_SPAN_ID + 4, value);
    return bytes;
  };
  for (let index = 0; index < SLOT_COUNT + 100; index++) fixture.decode(number(start, index));
  const full = assertBalanced(fixture.decoder);
  assert.equal(full.inFlight, SLOT_COUNT);
  assert.equal(full.lost.table_full, 100);
  let spans = 0;
  for (let index = SLOT_COUNT - 1; index >= 0; index--) spans += fixture.decode(number(end, index)).length;
  assert.equal(spans, SLOT_COUNT);
  assert.equal(assertBalanced(fixture.decoder).inFlight, 0);
  assert.equal(fixture.decode(number(start, 7), number(end, 7)).length, 1);
});

Deno.test("drop: gives up the spans of one process, or of all", () => {
  const fixture = new Fixture(NEWEST);
  fixture.decode(...[1, 2, 3, 4, 5].map((number) => pair(fixture, number, number < 4 ? 10 : 20)[0]));
  assert.equal(fixture.decoder.drop(10), 3);
  assert.equal(fixture.decoder.drop(10), 0);
  assert.equal(assertBalanced(fixture.decoder).inFlight, 2);
  assert.equal(fixture.decoder.drop("all"), 2);
  const counters = assertBalanced(fixture.decoder);
  assert.equal(counters.inFlight, 0);
  assert.equal(counters.lost.process_exited, 5);
  assert.equal(fixture.decode(...pair(fixture, 1)).length, 1);
});

Deno.test("decoder: a start that is no capture of its plan is lost as a bad record", () => {
  const fixture = new Fixture(NEWEST);
  const [start] = pair(fixture, 1);
  const wrong = [
    record(wire.KIND_SPAN_START, wire.SIZEOF_HEADER),
    changed(start, (view) => view.setUint8(wire.OFFSET_SPAN_PROBE, wire.PROBE_GOROUTINE)),
    changed(start, (view) => view.setUint16(wire.OFFSET_SPAN_STRING_BYTES, 33, true)),
    changed(start, (view) => view.setUint16(wire.OFFSET_SPAN_STRING_BYTES + 2, 0xffff, true)),
    changed(start.slice(0, start.length - 8), (view) => view.setUint32(0, start.length - 8, true)),
  ];
  fixture.decode(...wrong);
  assert.equal(assertBalanced(fixture.decoder).lost.bad_record, wrong.length);
});

Deno.test("decoder: an end that does not fit its start loses the span as a bad record", () => {
  const fixture = new Fixture(NEWEST);
  const [start, end] = pair(fixture, 1);
  const wrong = [
    changed(end, (view) => view.setUint8(wire.OFFSET_SPAN_PROBE, wire.PROBE_CLIENT_END)),
    changed(end, (view) => view.setUint8(wire.OFFSET_SPAN_PROBE, wire.PROBE_SERVER_START)),
    changed(end, (view) => view.setUint8(wire.OFFSET_SPAN_OUTCOME, 9)),
    changed(end, (view) => view.setUint16(wire.OFFSET_SPAN_STRING_BYTES, 8, true)),
    changed(end.slice(0, wire.SIZEOF_SPAN), (view) => view.setUint32(0, wire.SIZEOF_SPAN, true)),
  ];
  for (const bad of wrong) assert.equal(fixture.decode(start, bad).length, 0);
  assert.equal(assertBalanced(fixture.decoder).lost.bad_record, wrong.length);
});

Deno.test("decoder: records too short to name a span are malformed, unknown kinds are passed over", () => {
  const fixture = new Fixture(NEWEST);
  fixture.decode(
    record(wire.KIND_SPAN_END, wire.SIZEOF_HEADER),
    record(wire.KIND_SPAN_LOST, wire.SIZEOF_HEADER),
    record(63, 64),
  );
  const { malformed, starts } = assertBalanced(fixture.decoder);
  assert.deepEqual({ malformed, starts }, { malformed: 2, starts: 0 });
});

Deno.test("decode: goes on when the output is full", () => {
  const fixture = new Fixture(NEWEST);
  const noise = (bytes: number) => new Uint8Array(bytes).fill(0xff);
  const url = { host: noise(128), path: noise(352), query: noise(352) };
  const [start, end] = new Fixture(NEWEST).client({ url }, {});
  const numbered = (bytes: Uint8Array, id: string) => {
    bytes.set(Uint8Array.fromHex(id), wire.OFFSET_SPAN_SPAN_ID);
    return bytes;
  };
  const ids = Array.from({ length: Math.floor(INPUT_BYTES / end.length) }, (_, number) => spanId(number));
  for (const id of ids) fixture.decode(numbered(start, id));
  for (const id of ids) assert.ok(fixture.decoder.add(numbered(end, id)));
  const batches: SpanBatch[] = [];
  fixture.decoder.decode(batches);
  assert.ok(batches.length > 1 && batches.every(({ bytes }) => bytes.length < OUTPUT_BYTES));
  assert.deepEqual(readBatches(batches).map((span) => span.spanId), ids);
});

function changed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  change(new DataView(copy.buffer));
  return copy;
}
