/** The Worker behind SpanPipeline, fed from a file in place of the loader's pipe. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { type SlotFault, SpanPipeline } from "../../src/decoder/pipeline.ts";
import { record } from "../../decoder-as/samples/plan_runner.ts";
import { BAD_PID, brokenDecoder } from "./broken_decoder.ts";
import { Fixture, packFor } from "./fixture.ts";
import { Pipe, write, writeAll } from "./pipe.ts";
import { readBatches } from "./spans.ts";

const NEWEST = "go1.27.4";
const SLOT = 2;
const PAIRS = 5000;

Deno.test("SpanPipeline: hands out spans and records until the pipe ends, and counts them", async () => {
  await using pipe = new Pipe();
  const names: string[] = [];
  const kinds: number[] = [];
  let closed: Error | null | undefined;
  const pipeline = new SpanPipeline({
    path: pipe.path,
    onSpans: (batches) => names.push(...readBatches(batches).map(({ spanId }) => spanId)),
    onRecord: (bytes) => kinds.push(new DataView(bytes.buffer).getUint16(wire.OFFSET_HEADER_KIND, true)),
    onClosed: (error) => closed = error,
  });
  {
    using writer = await Deno.open(pipe.path, { write: true });
    await pipeline.useDecoder(SLOT, packFor(NEWEST));
    await write(writer, record(wire.KIND_PROCESS, wire.SIZEOF_PROCESS));
    for (let number = 1; number <= PAIRS; number += 100) {
      const fixture = new Fixture(NEWEST);
      const records = Array.from({ length: 100 }, (_, index) => {
        const head = { slot: SLOT, spanId: (number + index).toString(16).padStart(16, "0") };
        return fixture.client({}, {}, { start: head, end: head });
      }).flat();
      await writeAll(writer, records);
    }
    await write(writer, record(wire.KIND_PROCESS_EXIT, wire.SIZEOF_PROCESS_EVENT));
  }
  await pipeline.closed;
  assert.equal(closed, null);
  assert.deepEqual(
    names,
    Array.from({ length: PAIRS }, (_, index) => (index + 1).toString(16).padStart(16, "0")),
  );
  assert.deepEqual(kinds, [wire.KIND_PROCESS, wire.KIND_PROCESS_EXIT]);
  await pipeline[Symbol.asyncDispose]();
  const { spans, records } = await pipeline.counters();
  assert.deepEqual({ spans, records }, { spans: PAIRS, records: 2 * PAIRS + 2 });
});

Deno.test("SpanPipeline: tells that the stream is out of order and still answers", async () => {
  await using pipe = new Pipe();
  const closed = Promise.withResolvers<Error | null>();
  await using pipeline = new SpanPipeline({
    path: pipe.path,
    onSpans: () => {},
    onRecord: () => {},
    onClosed: closed.resolve,
  });
  {
    using writer = await Deno.open(pipe.path, { write: true });
    await write(writer, new Uint8Array(64));
  }
  assert.match((await closed.promise)!.message, /Cannot read record at byte 0: size is 0/);
  assert.equal((await pipeline.counters()).records, 0);
});

Deno.test("useDecoder: rejects a module that is no decoder", async () => {
  await using pipe = new Pipe();
  await using pipeline = new SpanPipeline({ path: pipe.path, onSpans: () => {}, onRecord: () => {} });
  const writer = await Deno.open(pipe.path, { write: true });
  const pack = { ...packFor(NEWEST), code: new Uint8Array(8) };
  await assert.rejects(pipeline.useDecoder(0, pack), /Cannot start decoder go1\.27/);
  writer.close();
});

Deno.test("SpanPipeline: a decoder that loops is told, and the spans of the other slot arrive", async () => {
  await using pipe = new Pipe();
  const fault = Promise.withResolvers<SlotFault>();
  let spans = 0;
  const pipeline = new SpanPipeline({
    path: pipe.path,
    onSpans: (batches) => spans += readBatches(batches).length,
    onRecord: () => {},
    onFault: fault.resolve,
  });
  const pack = packFor(NEWEST);
  {
    using writer = await Deno.open(pipe.path, { write: true });
    const { code } = brokenDecoder(pack, "loop");
    assert.ok(code instanceof Uint8Array);
    await pipeline.useDecoder(SLOT, { ...pack, code });
    await pipeline.useDecoder(SLOT + 1, pack);
    const pair = (slot: number, spanId: string, pid: number) => {
      const head = { slot, spanId, pid };
      return new Fixture(NEWEST).server({}, {}, { start: head, end: head });
    };
    const records = [
      ...pair(SLOT, "0000000000000001", BAD_PID),
      ...pair(SLOT + 1, "0000000000000002", BAD_PID),
    ];
    await writeAll(writer, records);
    const { slot, name, code: reason, lostSpans } = await fault.promise;
    assert.deepEqual({ slot, name, reason, lostSpans }, {
      slot: SLOT,
      name: "go1.27",
      reason: "decoder-too-slow",
      lostSpans: 1,
    });
    await writeAll(writer, pair(SLOT + 1, "0000000000000003", 1));
  }
  await pipeline.closed;
  await pipeline[Symbol.asyncDispose]();
  const { starts, lost, decoders } = await pipeline.counters();
  assert.deepEqual({ spans, starts, fault: lost.decoder_fault }, { spans: 2, starts: 3, fault: 1 });
  assert.deepEqual(decoders.map(({ slot }) => slot), [SLOT + 1]);
});

Deno.test("releaseDecoder: the slot has no decoder any more", async () => {
  await using pipe = new Pipe();
  await using pipeline = new SpanPipeline({ path: pipe.path, onSpans: () => {}, onRecord: () => {} });
  const writer = await Deno.open(pipe.path, { write: true });
  await pipeline.useDecoder(SLOT, packFor(NEWEST));
  assert.equal((await pipeline.counters()).decoders.length, 1);
  await pipeline.releaseDecoder(SLOT);
  assert.equal((await pipeline.counters()).decoders.length, 0);
  await assert.rejects(pipeline.releaseDecoder(wire.MAX_SLOTS), /Cannot use slot/);
  writer.close();
});
