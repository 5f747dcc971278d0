/** The Worker behind SpanPipeline, fed from a file in place of the loader's pipe. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { SpanPipeline } from "../../src/decoder/pipeline.ts";
import { record } from "../../decoder-as/samples/plan_runner.ts";
import { Fixture, packFor } from "./fixture.ts";
import { readBatches } from "./spans.ts";

const NEWEST = "go1.27.4";
const SLOT = 2;
const PAIRS = 5000;

class Pipe implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;

  constructor() {
    this.#folder = Deno.makeTempDirSync();
    this.path = `${this.#folder}/records`;
    const { success } = new Deno.Command("mkfifo", { args: [this.path] }).outputSync();
    assert.ok(success);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function write(pipe: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await pipe.write(bytes.subarray(at));
}

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
      await write(writer, new Uint8Array(await new Blob(records as BlobPart[]).arrayBuffer()));
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
