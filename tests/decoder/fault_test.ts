/** A decoder that goes wrong is stopped, the others go on, and no start is lost without being counted. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { lost, PID, record } from "../../decoder-as/samples/plan_runner.ts";
import { DecoderFault, type DecoderFaultCode, DecoderInstance } from "../../src/decoder/host.ts";
import type { SlotFault } from "../../src/decoder/messages.ts";
import { RecordRouter } from "../../src/decoder/router.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { BAD_PID, brokenDecoder, FAULTS } from "./broken_decoder.ts";
import { codeOf, Fixture, packFor } from "./fixture.ts";

const NEWEST = "go1.27.4";
const GOOD_SLOT = 1;
const BAD_SLOT = 200;
/** Far more than a decoder that loops over a few records is given time for. */
/** A decoder that is not stopped never ends. */
const MAX_STOP_MS = 60_000;

const CODES: Readonly<Record<keyof typeof FAULTS, DecoderFaultCode>> = {
  trap: "decoder-trapped",
  loop: "decoder-too-slow",
  nothing: "decoder-framing",
  tooMuch: "decoder-framing",
  silent: "decoder-framing",
  lie: "decoder-framing",
};
const KINDS = Object.keys(CODES) as (keyof typeof FAULTS)[];

let nextSpan = 1;

function pair(slot: number, pid = PID): readonly [Uint8Array, Uint8Array] {
  const head = { slot, pid, spanId: (nextSpan++).toString(16).padStart(16, "0") };
  return new Fixture(NEWEST).server({}, {}, { start: head, end: head });
}

class Recorder {
  spans = 0;
  readonly faults: SlotFault[] = [];
  readonly order: string[] = [];
  readonly router = new RecordRouter({
    onSpans: (batches) => {
      this.spans += batches.reduce((sum, { count }) => sum + count, 0);
      this.order.push("spans");
    },
    onRecord: () => {},
    onFault: (fault) => {
      this.faults.push(fault);
      this.order.push("fault");
    },
  });

  constructor(kind: keyof typeof FAULTS) {
    this.router.use(GOOD_SLOT, codeOf(packFor(NEWEST)));
    this.router.use(BAD_SLOT, brokenDecoder(packFor(NEWEST), kind));
  }

  take(...records: readonly Uint8Array[]): void {
    for (const bytes of records) this.router.take(bytes, new DataView(bytes.buffer).getUint16(4, true));
  }

  assertBalanced() {
    const counters = this.router.counters();
    const inAll = Object.values(counters.lost).reduce((sum, count) => sum + count, 0);
    assert.equal(counters.starts, counters.spans + inAll + counters.inFlight);
    assert.equal(counters.spans, this.spans);
    return counters;
  }
}

for (const kind of KINDS) {
  Deno.test(`decode: ${kind} is ${CODES[kind]}, and nothing of that input is given out`, () => {
    const decoder = new DecoderInstance(brokenDecoder(packFor(NEWEST), kind));
    const batches: SpanBatch[] = [];
    for (const bytes of pair(0)) decoder.add(bytes);
    decoder.decode(batches);
    for (const bytes of [...pair(0, BAD_PID), ...pair(0)]) decoder.add(bytes);
    const began = performance.now();
    assert.throws(
      () => decoder.decode(batches),
      (error) => error instanceof DecoderFault && error.code === CODES[kind],
    );
    assert.ok(performance.now() - began < MAX_STOP_MS);
    assert.equal(batches.length, 1);
    assert.deepEqual([decoder.counters().spans, decoder.unfinished], [1, 2]);
  });

  Deno.test(`router: ${kind} stops one slot, the others go on, every start is accounted for`, () => {
    const recorder = new Recorder(kind);
    // Delivered, in flight, and lost for another reason before the fault.
    const abandoned = pair(BAD_SLOT)[0];
    const spanId = abandoned.slice(wire.OFFSET_SPAN_SPAN_ID, wire.OFFSET_SPAN_SPAN_ID + 8).toHex();
    recorder.take(...pair(BAD_SLOT), pair(BAD_SLOT)[0], abandoned, lost(wire.LOST_ABANDONED, { spanId }));
    recorder.router.flush();
    assert.equal(recorder.assertBalanced().inFlight, 1);
    const open = pair(GOOD_SLOT);
    recorder.take(open[0], ...pair(BAD_SLOT, BAD_PID), ...pair(BAD_SLOT), ...pair(GOOD_SLOT));
    recorder.router.flush();
    assert.deepEqual(
      recorder.faults.map(({ slot, name, code, lostSpans }) => ({ slot, name, code, lostSpans })),
      [
        { slot: BAD_SLOT, name: "go1.27", code: CODES[kind], lostSpans: 3 },
      ],
    );
    assert.ok(recorder.faults[0]!.message.startsWith("Decoder go1.27 "));
    assert.equal(recorder.order.at(-1), "fault");
    recorder.take(...pair(BAD_SLOT), open[1], ...pair(GOOD_SLOT));
    recorder.take(record(wire.KIND_PROCESS_EXIT, wire.SIZEOF_PROCESS_EVENT, { pid: BAD_PID }));
    const { starts, spans, inFlight, lost: reasons, decoders } = recorder.assertBalanced();
    assert.deepEqual(
      { starts, spans, inFlight, abandoned: reasons.abandoned, fault: reasons.decoder_fault },
      {
        starts: 9,
        spans: 4,
        inFlight: 0,
        abandoned: 1,
        fault: 4,
      },
    );
    assert.deepEqual(decoders.map(({ slot }) => slot), [GOOD_SLOT]);
    assert.equal(recorder.faults.length, 1);
  });
}

Deno.test("router: a slot whose decoder was stopped serves again with another one", () => {
  const recorder = new Recorder("trap");
  recorder.take(...pair(BAD_SLOT, BAD_PID));
  recorder.router.flush();
  recorder.router.use(BAD_SLOT, codeOf(packFor(NEWEST)));
  recorder.take(...pair(BAD_SLOT, BAD_PID));
  recorder.router.flush();
  const { starts, spans, lost: reasons } = recorder.assertBalanced();
  assert.deepEqual({ starts, spans, fault: reasons.decoder_fault }, { starts: 2, spans: 1, fault: 1 });
});

Deno.test("router: a fault in the middle of a chunk that fills the input loses no record of its own account", () => {
  const recorder = new Recorder("trap");
  const records = 2000;
  recorder.take(...pair(BAD_SLOT, BAD_PID));
  for (let count = 0; count < records; count++) recorder.take(...pair(BAD_SLOT));
  recorder.router.flush();
  const { starts, lost: reasons } = recorder.assertBalanced();
  assert.deepEqual({ starts, fault: reasons.decoder_fault }, { starts: records + 1, fault: records + 1 });
});

Deno.test("release: spans in flight are abandoned, the totals stay, later starts have no decoder", () => {
  const recorder = new Recorder("trap");
  recorder.take(...pair(BAD_SLOT), pair(BAD_SLOT)[0]);
  recorder.router.release(BAD_SLOT);
  recorder.router.release(BAD_SLOT);
  recorder.take(...pair(BAD_SLOT), ...pair(GOOD_SLOT));
  recorder.router.flush();
  const { starts, spans, inFlight, lost: reasons, decoders } = recorder.assertBalanced();
  assert.deepEqual(
    { starts, spans, inFlight, abandoned: reasons.abandoned, no_decoder: reasons.no_decoder },
    { starts: 4, spans: 2, inFlight: 0, abandoned: 1, no_decoder: 1 },
  );
  assert.deepEqual(decoders.map(({ slot }) => slot), [GOOD_SLOT]);
  assert.equal(recorder.faults.length, 0);
});

Deno.test("release: memories of decoders that are gone do not pile up", () => {
  const recorder = new Recorder("trap");
  const code = new WebAssembly.Module(packFor(NEWEST).code);
  for (let round = 0; round < 400; round++) {
    recorder.router.use(BAD_SLOT, { name: "go1.27", code });
    recorder.take(...pair(BAD_SLOT));
    recorder.router.release(BAD_SLOT);
  }
  assert.equal(recorder.assertBalanced().spans, 400);
});
