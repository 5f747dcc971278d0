/**
 * Hostile records: whatever bytes come, a decoder does not trap, what it writes can be read, and its counters add up.
 * The generator is seeded, so a failure can be repeated.
 */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { lost, record } from "../../decoder-as/samples/plan_runner.ts";
import { Fixture } from "./fixture.ts";
import { readBatches } from "./spans.ts";

const NEWEST = "go1.27.4";
const ITERATIONS = 120_000;
const READ_EVERY = 2_000;
/** Bytes of a record that tell the decoder how to read it; changed more often than the rest. */
const HEAD_BYTES = wire.SIZEOF_SPAN;

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ state >>> 13, 0x297a2d39) >>> 0;
    return Math.floor(mixed / 2 ** 32 * below);
  };
}

/** Whole records of all kinds to start from. */
function seeds(fixture: Fixture): Uint8Array[] {
  const request = { target: "/a/b?sig=x&c=d", host: "h:1", remote: "[::1]:2", pattern: "GET h/{x}" };
  const url = { user: true, host: "[::1]:3", path: "/%", rawPath: "/%25", query: "Signature=1", opaque: "" };
  return [
    ...fixture.server(request, { status: 500, written: 1 }, { start: { tracestate: "a=b" } }),
    ...fixture.server(request, { status: 200 }, { h2: true, end: { outcome: wire.OUTCOME_PANIC } }),
    ...fixture.client({ url }, { status: 404 }, {
      end: { attempts: 2, peer: { family: 10, address: [0x20, 1], port: 5 } },
    }),
    ...fixture.client({ method: "PURGE", url: { opaque: "//a@b/c", forceQuery: true } }, null),
    lost(wire.LOST_ABANDONED),
    record(wire.KIND_PROCESS, wire.SIZEOF_PROCESS),
  ];
}

Deno.test(`feed: ${ITERATIONS} mutated records cause no trap and no unreadable span`, () => {
  const fixture = new Fixture(NEWEST);
  const random = generator(20261124);
  const records = seeds(fixture);
  const batches: SpanBatch[] = [];
  let spans = 0;
  const drain = () => {
    fixture.decoder.decode(batches);
    spans += readBatches(batches).length;
    batches.length = 0;
  };
  for (let run = 0; run < ITERATIONS; run++) {
    const bytes = records[random(records.length)]!.slice();
    // A few span ids, so that mutated starts meet mutated ends.
    if (bytes.length >= wire.SIZEOF_SPAN_LOST) {
      const at = bytes[wire.OFFSET_HEADER_KIND] === wire.KIND_SPAN_LOST
        ? wire.OFFSET_SPAN_LOST_SPAN_ID
        : wire.OFFSET_SPAN_SPAN_ID;
      bytes.fill(random(40), at, Math.min(at + 8, bytes.length));
    }
    for (let change = random(4); change > 0; change--) {
      const from = wire.SIZEOF_HEADER;
      const within = random(3) === 0 ? bytes.length : Math.min(HEAD_BYTES, bytes.length);
      bytes[from + random(within - from)] = random(2) === 0
        ? random(256)
        : [0, 1, 0x7f, 0x80, 0xff][random(5)]!;
    }
    const kept = random(5) === 0
      ? wire.SIZEOF_HEADER + random(bytes.length - wire.SIZEOF_HEADER + 1) & ~7
      : bytes.length;
    const cut = bytes.subarray(0, kept);
    new DataView(bytes.buffer).setUint32(wire.OFFSET_HEADER_SIZE, kept, true);
    if (!fixture.decoder.add(cut)) {
      drain();
      fixture.decoder.add(cut);
    }
    if (run % READ_EVERY === 0) drain();
    if (run % 10_000 === 0) fixture.decoder.drop(random(2) === 0 ? 4711 : "all");
  }
  drain();
  const counters = fixture.decoder.counters();
  assert.equal(counters.spans, spans);
  assert.equal(
    counters.starts,
    spans + counters.inFlight + Object.values(counters.lost).reduce((sum, count) => sum + count, 0),
  );
  // The battery reaches what it is meant to reach.
  assert.ok(spans > 5_000 && counters.orphans > 1_000 && counters.malformed > 1_000);
  for (const reason of ["abandoned", "process_exited", "bad_record"] as const) {
    assert.ok(counters.lost[reason] > 10, reason);
  }
  fixture.decoder.drop("all");
  assert.equal(fixture.decode(...fixture.server({}, {})).length, 1);
});

Deno.test("feed: payloads of random bytes in every string give readable spans", () => {
  const fixture = new Fixture(NEWEST);
  const random = generator(7);
  const noise = (limit: number) => Uint8Array.from({ length: random(limit + 20) }, () => random(256));
  for (let run = 0; run < 1500; run++) {
    const source = new Fixture(NEWEST);
    const spans = fixture.decode(
      ...source.server(
        {
          // HTTP/2 lets any method through but the empty one.
          method: Uint8Array.of(random(256), ...noise(31)),
          major: 2,
          target: noise(512),
          host: noise(128),
          remote: noise(64),
          pattern: noise(128),
        },
        { status: 100 + random(900), written: random(1000) },
        { start: { tracestate: noise(200) } },
      ),
      ...source.client({
        url: {
          scheme: noise(16),
          host: noise(128),
          path: noise(352),
          rawPath: noise(256),
          query: noise(352),
          opaque: random(2) === 0 ? noise(192) : "",
        },
      }, { status: random(1000) }),
    );
    assert.equal(spans.length, 2);
  }
});

Deno.test("decode: framing that cannot be is a fault of the host and is told", () => {
  for (const size of [0, 8, 23, 25, 4096]) {
    const fixture = new Fixture(NEWEST);
    const bytes = record(wire.KIND_SPAN_START, 64);
    new DataView(bytes.buffer).setUint32(wire.OFFSET_HEADER_SIZE, size, true);
    fixture.decoder.add(bytes);
    assert.throws(() => fixture.decoder.decode([]), /Decoder go1\.27 told fault 2 at byte 0 of its input/);
  }
});
