/** Records of the pipe reach the right decoder, and nothing is lost without being counted. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { RecordRouter } from "../../src/decoder/router.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { lost, PID, record } from "../../decoder-as/samples/plan_runner.ts";
import { codeOf, Fixture, packFor } from "./fixture.ts";
import { readBatches } from "./spans.ts";

const OLD = "go1.17.13";
const NEWEST = "go1.27.4";
const OLD_SLOT = 3;
const NEW_SLOT = 9;

class Recorder {
  readonly router: RecordRouter;
  readonly batches: SpanBatch[] = [];
  /** "span NAME" and "record KIND" in the order they came. */
  readonly events: string[] = [];

  constructor() {
    this.router = new RecordRouter({
      onSpans: (batches) => {
        this.batches.push(...batches);
        for (const span of readBatches(batches)) this.events.push(`span ${span.name}`);
      },
      onRecord: (bytes) => this.events.push(`record ${new DataView(bytes.buffer).getUint16(4, true)}`),
    });
    this.router.use(OLD_SLOT, codeOf(packFor(OLD)));
    this.router.use(NEW_SLOT, codeOf(packFor(NEWEST)));
  }

  take(...records: readonly Uint8Array[]): void {
    for (const bytes of records) this.router.take(bytes, new DataView(bytes.buffer).getUint16(4, true));
  }
}

function pair(version: string, slot: number, spanId: string, method: string) {
  const head = { slot, spanId };
  return new Fixture(version).server({ method }, {}, { start: head, end: head });
}

Deno.test("router: each record goes to the decoder that owns its slot", () => {
  const recorder = new Recorder();
  const old = pair(OLD, OLD_SLOT, "0000000000000001", "GET");
  const young = pair(NEWEST, NEW_SLOT, "0000000000000002", "PUT");
  recorder.take(old[0], young[0], old[1], young[1]);
  recorder.router.flush();
  assert.deepEqual(recorder.events.toSorted(), ["span GET", "span PUT"]);
  const counters = recorder.router.counters();
  assert.deepEqual(counters.decoders.map(({ slot, name, counters }) => [slot, name, counters.spans]), [
    [OLD_SLOT, "go1.17", 1],
    [NEW_SLOT, "go1.27", 1],
  ]);
  assert.equal(counters.records, 4);
});

Deno.test("router: a start of a slot without decoder is lost, an end of one costs nothing more", () => {
  const recorder = new Recorder();
  recorder.take(
    ...pair(NEWEST, 5, "0000000000000001", "GET"),
    ...pair(NEWEST, 600, "0000000000000002", "GET"),
  );
  const { starts, spans, lost } = recorder.router.counters();
  assert.deepEqual({ starts, spans, no_decoder: lost.no_decoder }, { starts: 2, spans: 0, no_decoder: 2 });
});

Deno.test("router: SPAN_LOST finds its span in whichever decoder has it", () => {
  const recorder = new Recorder();
  recorder.take(pair(NEWEST, NEW_SLOT, "0000000000000001", "GET")[0]);
  recorder.take(lost(wire.LOST_ABANDONED, { spanId: "0000000000000001" }));
  recorder.router.flush();
  const { inFlight, orphans, lost: reasons } = recorder.router.counters();
  assert.deepEqual({ inFlight, orphans, abandoned: reasons.abandoned }, {
    inFlight: 0,
    orphans: 0,
    abandoned: 1,
  });
});

Deno.test("router: a process exit comes after the spans that ended before it and drops the others", () => {
  const recorder = new Recorder();
  const [open] = pair(NEWEST, NEW_SLOT, "0000000000000002", "PUT");
  recorder.take(...pair(NEWEST, NEW_SLOT, "0000000000000001", "GET"), open);
  recorder.take(record(wire.KIND_PROCESS_EXIT, wire.SIZEOF_PROCESS_EVENT, { pid: PID }));
  assert.deepEqual(recorder.events, ["span GET", `record ${wire.KIND_PROCESS_EXIT}`]);
  const { inFlight, lost: reasons } = recorder.router.counters();
  assert.deepEqual({ inFlight, exited: reasons.process_exited }, { inFlight: 0, exited: 1 });
});

Deno.test("router: a process that begins another program gives up its spans in flight", () => {
  const recorder = new Recorder();
  recorder.take(pair(NEWEST, NEW_SLOT, "0000000000000001", "GET")[0]);
  recorder.take(record(wire.KIND_PROCESS_EXEC, wire.SIZEOF_PROCESS_EVENT, { pid: PID }));
  const { inFlight, lost: reasons } = recorder.router.counters();
  assert.deepEqual({ inFlight, exited: reasons.process_exited }, { inFlight: 0, exited: 1 });
});

Deno.test("router: a process exit of no process drops nothing", () => {
  const recorder = new Recorder();
  recorder.take(
    pair(OLD, OLD_SLOT, "0000000000000001", "GET")[0],
    pair(NEWEST, NEW_SLOT, "0000000000000002", "GET")[0],
  );
  recorder.take(record(wire.KIND_PROCESS_EXIT, wire.SIZEOF_PROCESS_EVENT, { pid: 0 }));
  recorder.router.flush();
  assert.equal(recorder.router.counters().inFlight, 2);
});

Deno.test("router: HELLO and STATS set the clock of all decoders, also of later ones", () => {
  const recorder = new Recorder();
  const hello = record(wire.KIND_HELLO, wire.SIZEOF_HELLO);
  new DataView(hello.buffer).setBigInt64(wire.OFFSET_HELLO_REALTIME_OFFSET_NS, 5_000_000_000n, true);
  const stats = record(wire.KIND_STATS, wire.SIZEOF_STATS);
  new DataView(stats.buffer).setBigInt64(wire.OFFSET_STATS_REALTIME_OFFSET_NS, -500_000_000n, true);
  recorder.take(hello, ...pair(OLD, OLD_SLOT, "0000000000000001", "GET"));
  recorder.take(stats, ...pair(OLD, OLD_SLOT, "0000000000000002", "GET"));
  recorder.router.use(0, codeOf(packFor(NEWEST)));
  recorder.take(...pair(NEWEST, 0, "0000000000000003", "GET"));
  recorder.router.flush();
  assert.deepEqual(readBatches(recorder.batches).map(({ startNs }) => startNs), [
    6_000_000_000n,
    500_000_000n,
    500_000_000n,
  ]);
});

Deno.test("use: a slot's new decoder does not inherit spans in flight, totals stay", () => {
  const recorder = new Recorder();
  recorder.take(...pair(NEWEST, NEW_SLOT, "0000000000000001", "GET"));
  const [start, end] = pair(NEWEST, NEW_SLOT, "0000000000000002", "GET");
  recorder.take(start);
  recorder.router.use(NEW_SLOT, codeOf(packFor(NEWEST)));
  recorder.take(end);
  recorder.router.flush();
  const { starts, spans, orphans, inFlight, lost: reasons } = recorder.router.counters();
  assert.deepEqual({ starts, spans, orphans, inFlight, abandoned: reasons.abandoned }, {
    starts: 2,
    spans: 1,
    orphans: 1,
    inFlight: 0,
    abandoned: 1,
  });
});

Deno.test("use: refuses slots that do not exist and modules that are no decoders", () => {
  const recorder = new Recorder();
  const code = codeOf(packFor(NEWEST));
  assert.throws(() => recorder.router.use(wire.MAX_SLOTS, code), RangeError);
  const broken = { ...code, code: Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) };
  assert.throws(() => recorder.router.use(1, broken), /Cannot start decoder go1\.27: it is not hardened/);
});
