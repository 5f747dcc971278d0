/** Fuel is ample for whatever net/http can bring about, and short enough to stop a decoder that loops. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { INPUT_BYTES, SLOT_COUNT } from "../../decoder-as/assembly/memory_map.ts";
import { type DecoderInstance, fuelFor } from "../../src/decoder/host.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import type { SampleUrl } from "../../decoder-as/samples/sample_heap.ts";
import { Fixture } from "./fixture.ts";

const NEWEST = "go1.27.4";
/** How many times over the costliest input must be paid for. */
const MARGIN = 20;

const bytes = (length: number, byte = 0xff) => new Uint8Array(length).fill(byte);
const text = (part: string, length: number) => part.repeat(length).slice(0, length);

/** Calls whose URLs take the long way through every part of url.ts and query.ts. */
const URLS: Readonly<Record<string, SampleUrl>> = {
  "escaped throughout": { path: bytes(352), rawPath: text("%ff", 255), query: text("a=&", 352) },
  "a raw path that fits to its end": {
    path: bytes(85),
    rawPath: text("%ff", 255),
    query: text("sig=&", 352),
  },
  "empty parameters": { path: bytes(352), rawPath: text("%ff", 255), query: text("&", 352) },
  "opaque": { opaque: `//${text("@", 190)}`, query: text("&", 352) },
};

function numbered(record: Uint8Array, number: number): Uint8Array {
  const copy = record.slice();
  const id = BigInt.asUintN(64, BigInt(number) * 0x9e3779b97f4a7c15n);
  new DataView(copy.buffer).setBigUint64(wire.OFFSET_SPAN_SPAN_ID, id, true);
  return copy;
}

/** Starts and then ends of as many spans as have their ends in one input; yields the fuel of the ends. */
function fuelOfEnds(decoder: DecoderInstance, [start, end]: readonly Uint8Array[]): number {
  const batches: SpanBatch[] = [];
  const count = Math.floor(INPUT_BYTES / end!.length);
  for (let number = 1; number <= count; number++) {
    if (decoder.add(numbered(start!, number))) continue;
    decoder.decode(batches);
    decoder.add(numbered(start!, number));
  }
  decoder.decode(batches);
  for (let number = 1; number <= count; number++) assert.ok(decoder.add(numbered(end!, number)));
  decoder.decode(batches);
  assert.equal(decoder.counters().spans, count);
  return decoder.fuelUsed;
}

for (const [name, url] of Object.entries(URLS)) {
  Deno.test(`fuel: a full input of calls is paid for ${MARGIN} times over: ${name}`, () => {
    const fixture = new Fixture(NEWEST);
    const method = "\u00ff".repeat(16);
    const ends = { end: { attempts: 3, peer: { family: 10, address: [0x20, 1], port: 5 } } };
    const whole = { user: true, scheme: bytes(16), host: bytes(128), ...url };
    const used = fuelOfEnds(fixture.decoder, fixture.client({ method, url: whole }, { status: 500 }, ends));
    assert.ok(
      used > 1_000_000 && used * MARGIN <= fuelFor(INPUT_BYTES),
      `${used} of ${fuelFor(INPUT_BYTES)}`,
    );
  });
}

Deno.test(`fuel: a full input of requests is paid for ${MARGIN} times over`, () => {
  for (const target of [bytes(512), `/?${text("sig=&", 510)}`, `/?${text("&", 255)}${"ä".repeat(128)}`]) {
    const fixture = new Fixture(NEWEST);
    const used = fuelOfEnds(
      fixture.decoder,
      fixture.server(
        {
          method: bytes(32),
          major: 2,
          target,
          host: bytes(128, 0x3a),
          remote: bytes(64),
          pattern: bytes(128),
        },
        { status: 500 },
        { start: { tracestate: bytes(256) } },
      ),
    );
    assert.ok(
      used > 1_000_000 && used * MARGIN <= fuelFor(INPUT_BYTES),
      `${used} of ${fuelFor(INPUT_BYTES)}`,
    );
  }
});

Deno.test(`fuel: a drop of every span in flight is paid for ${MARGIN} times over`, () => {
  const fixture = new Fixture(NEWEST);
  const [start] = fixture.server({}, {});
  for (let number = 1; number <= SLOT_COUNT; number++) {
    if (fixture.decoder.add(numbered(start, number))) continue;
    fixture.decoder.decode([]);
    fixture.decoder.add(numbered(start, number));
  }
  fixture.decoder.decode([]);
  assert.equal(fixture.decoder.drop("all"), SLOT_COUNT);
  assert.ok(fixture.decoder.fuelUsed > 0 && fixture.decoder.fuelUsed * MARGIN <= fuelFor(0));
});
