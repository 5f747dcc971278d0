import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import { decodeHeader } from "./header.ts";
import { decodeHello, WIRE_FINGERPRINT, wireMismatch } from "./hello.ts";
import { decodeProcess } from "./process.ts";
import { decodeExeData, decodeReply } from "./reply.ts";
import { COUNTERS, decodeStats } from "./stats.ts";
import { WireError } from "./wire_error.ts";

const DECODERS = [
  [decodeHeader, wire.SIZEOF_HEADER],
  [decodeHello, wire.SIZEOF_HELLO],
  [decodeProcess, wire.SIZEOF_PROCESS],
  [decodeExeData, wire.SIZEOF_EXE_DATA],
  [decodeReply, wire.SIZEOF_REPLY],
  [decodeStats, wire.SIZEOF_STATS],
] as const;

for (const [decode, size] of DECODERS) {
  Deno.test(`${decode.name}() accepts its struct alone and throws WireError at a shorter record`, () => {
    decode(new Uint8Array(size));
    for (const shorter of [0, 5, size - 8]) assert.throws(() => decode(new Uint8Array(shorter)), WireError);
  });
}

for (
  const [decode, size, field] of [
    [decodeHello, wire.SIZEOF_HELLO, wire.OFFSET_HELLO_TEXT_BYTES],
    [decodeProcess, wire.SIZEOF_PROCESS, wire.OFFSET_PROCESS_EXE_BYTES],
    [decodeProcess, wire.SIZEOF_PROCESS, wire.OFFSET_PROCESS_ENV_BYTES],
    [decodeExeData, wire.SIZEOF_EXE_DATA, wire.OFFSET_EXE_DATA_COUNT],
    [decodeReply, wire.SIZEOF_REPLY, wire.OFFSET_REPLY_TEXT_BYTES],
    [decodeStats, wire.SIZEOF_STATS, wire.OFFSET_STATS_CPU_DROPS],
  ] as const
) {
  Deno.test(`${decode.name}() throws WireError when the length at ${field} leaves the record`, () => {
    for (const length of [9, 0xffffffff]) {
      const record = new Uint8Array(size + 8);
      new DataView(record.buffer).setUint32(field, length, true);
      assert.throws(() => decode(record), WireError);
    }
  });
}

Deno.test("decodeReply() reads a record in the middle of a larger buffer", () => {
  const buffer = new Uint8Array(200);
  new DataView(buffer.buffer).setUint32(101 + wire.OFFSET_REPLY_ID, 23, true);
  assert.equal(decodeReply(buffer.subarray(101, 101 + wire.SIZEOF_REPLY)).id, 23);
});

Deno.test("wireMismatch() names both sides, and is null for the same wire", () => {
  assert.equal(wireMismatch({ fingerprint: WIRE_FINGERPRINT, wireVersion: wire.WIRE_VERSION }), null);
  const reason = wireMismatch({ fingerprint: "00000000000000ff", wireVersion: 2 });
  assert.equal(reason?.code, "wire-mismatch");
  assert.match(reason?.message ?? "", new RegExp(`wire 2 \\(00000000000000ff\\).*${WIRE_FINGERPRINT}`));
});

Deno.test("COUNTERS has every index once, in order", () => {
  assert.deepEqual(
    COUNTERS.map(([, index]) => index),
    Array.from({ length: wire.MAX_COUNTERS }, (_, index) => index),
  );
  assert.deepEqual(COUNTERS[wire.COUNTER_END_WITHOUT_START], [
    "end_without_start",
    wire.COUNTER_END_WITHOUT_START,
  ]);
});

Deno.test("decodeStats() tells on which CPUs the ring was full", () => {
  const record = new Uint8Array(wire.SIZEOF_STATS + 2 * wire.SIZEOF_CPU_DROPS);
  const view = new DataView(record.buffer);
  view.setUint32(wire.OFFSET_STATS_CPU_DROPS, 2, true);
  [[1, 7], [300, 11]].forEach(([cpu, spans], index) => {
    const at = wire.SIZEOF_STATS + wire.SIZEOF_CPU_DROPS * index;
    view.setUint32(at + wire.OFFSET_CPU_DROPS_CPU, cpu!, true);
    view.setBigUint64(at + wire.OFFSET_CPU_DROPS_RING_FULL, BigInt(spans!), true);
  });
  assert.deepEqual(decodeStats(record).ringFullByCpu, { "1": 7, "300": 11 });
});
