/**
 * C and TypeScript agree on the wire: bytes that tests/wire/emit.c wrote by the structs of bpf/wire.h are
 * decoded, and control messages encoded, to the very values in it. After a wire change, write the files anew:
 * cc -Ibpf tests/wire/emit.c -o /tmp/emit && /tmp/emit tests/wire/golden/v1
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as wire from "../../bpf/wire.gen.ts";
import * as control from "../../src/wire/control.ts";
import { Fields } from "../../src/wire/fields.ts";
import { decodeHeader } from "../../src/wire/header.ts";
import { decodeHello } from "../../src/wire/hello.ts";
import { decodeProcess } from "../../src/wire/process.ts";
import { RecordReader } from "../../src/wire/records.ts";
import { decodeExeData, decodeReply } from "../../src/wire/reply.ts";
import { COUNTERS, decodeStats } from "../../src/wire/stats.ts";
import { ScratchDirectory } from "../support/scratch.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const GOLDEN = join(ROOT, "tests/wire/golden/v1");
const ID = 0xd1d2d3d4, PID = 0xe1e2e3e4;

function golden(name: string): Uint8Array {
  return Deno.readFileSync(join(GOLDEN, `${name}.bin`));
}

function bytesFrom(first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => first + index);
}

Deno.test("tests/wire/emit.c writes the committed bytes", async () => {
  using scratch = new ScratchDirectory();
  const emit = join(scratch.path, "emit");
  const built = await new Deno.Command("cc", {
    args: ["-Wall", "-Wno-unknown-pragmas", "-Ibpf", "tests/wire/emit.c", "-o", emit],
    cwd: ROOT,
  }).output();
  assert.ok(built.success, new TextDecoder().decode(built.stderr));
  assert.ok((await new Deno.Command(emit, { args: [scratch.path] }).output()).success);
  const names = [...Deno.readDirSync(GOLDEN)].map(({ name }) => name);
  assert.equal(names.length, 16);
  for (const name of names) {
    assert.deepEqual(
      Deno.readFileSync(join(scratch.path, name)),
      Deno.readFileSync(join(GOLDEN, name)),
      name,
    );
  }
});

Deno.test("decodeHeader() reads every field", () => {
  assert.deepEqual(decodeHeader(golden("process_exit")), {
    size: 24,
    kind: wire.KIND_PROCESS_EXIT,
    flags: 0xa1a2,
    timeNs: 0xf1f2f3f4f5f6f7f8n,
    cpu: 0xb1b2b3b4,
    pid: 0xc1c2c3c4,
  });
});

Deno.test("decodeHello() reads every field", () => {
  assert.deepEqual(decodeHello(golden("hello")), {
    fingerprint: "8182838485868788",
    realtimeOffsetNs: -0x0102030405060708n,
    wireVersion: 0x91929394,
    loaderPid: 0x95969798,
    cpus: 0x999a9b9c,
    features: { uprobeMulti: true, sockhash: false, fionreadDefect: true, lockdown: "integrity" },
    kernelRelease: "6.1.0-x",
    hostName: "node-a",
    cgroup: "/sys/fs/cgroup",
  });
});

Deno.test("decodeProcess() reads every field and all texts", () => {
  assert.deepEqual(decodeProcess(golden("process")), {
    id: 0x81828384,
    process: {
      pid: 0xc1c2c3c4,
      parentPid: 0x85868788,
      exe: "/app/éxe",
      exeDevice: 0x898a8b8c8d8e8f90n,
      exeInode: 0x9192939495969798n,
      exeBytes: 0x00199a9b9c9d9e9f,
      exeModifiedNs: 0xa1a2a3a4a5a6a7a8n,
      startNs: 0xb1b2b3b4b5b6b7b8n,
      environment: { OTEL_SERVICE_NAME: "cart", OTEL_A: "b=c", OTEL_B: "" },
      args: ["exe", "", "--a"],
      cgroup: "/docker/ab",
    },
  });
});

Deno.test("decodeExeData() reads every field and leaves the padding out", () => {
  assert.deepEqual(decodeExeData(golden("exe_data")), {
    id: 0x81828384,
    offset: 0x0011121314151617,
    bytes: Uint8Array.of(0, 0x80, 0xff, 1, 2),
  });
});

Deno.test("decodeReply() reads every field", () => {
  assert.deepEqual(decodeReply(golden("reply")), {
    id: 0x81828384,
    timeNs: 0xf1f2f3f4f5f6f7f8n,
    value: 0x0011121314151617,
    error: 0x85868788,
    text: "sorry!",
  });
});

Deno.test("decodeStats() reads every field, each counter by its name", () => {
  const { counters, ringFullByCpu, ...rest } = decodeStats(golden("stats"));
  assert.deepEqual(rest, {
    realtimeOffsetNs: -0x1112131415161718n,
    recordsSent: 0x0001020304050607,
    bytesSent: 0x0011121314151617,
    cpuTimeNs: 0x0002030405060708,
    residentBytes: 0x0003040506070809,
  });
  assert.equal(Object.keys(counters).length, wire.MAX_COUNTERS);
  for (const [name, index] of COUNTERS) {
    assert.equal(counters[name], 0x0000a00000000000 + 1_000 * index, name);
  }
  assert.deepEqual(ringFullByCpu, { "3": 0x0004050607080910, [0xa1a2a3a4]: 5 });
  assert.equal(counters.wakeups, 0x0000a00000000000 + 1_000 * wire.COUNTER_WAKEUPS);
});

Deno.test("OFFSET_SPAN_* and OFFSET_SPAN_LOST_* name the fields of the C structs", () => {
  const span = new Fields(golden("span"), "span", wire.SIZEOF_SPAN);
  assert.equal(span.header().kind, wire.KIND_SPAN_END);
  assert.deepEqual(span.bytes(wire.OFFSET_SPAN_TRACE_ID, 16), bytesFrom(0x10, 16));
  assert.deepEqual(span.bytes(wire.OFFSET_SPAN_SPAN_ID, 8), bytesFrom(0x30, 8));
  assert.deepEqual(span.bytes(wire.OFFSET_SPAN_PARENT_ID, 8), bytesFrom(0x40, 8));
  assert.equal(span.u64(wire.OFFSET_SPAN_GOID), 0x8182838485868788n);
  assert.equal(span.u16(wire.OFFSET_SPAN_SLOT), 0x898a);
  const { OFFSET_SPAN_PROBE, OFFSET_SPAN_TRUNCATED } = wire;
  assert.deepEqual(
    span.bytes(OFFSET_SPAN_PROBE, OFFSET_SPAN_TRUNCATED - OFFSET_SPAN_PROBE + 1),
    bytesFrom(0x8b, 6),
  );
  for (let index = 0; index < wire.MAX_STRINGS; index++) {
    assert.equal(span.u16(wire.OFFSET_SPAN_STRING_BYTES + 2 * index), 0xf000 + index);
  }
  assert.deepEqual(span.bytes(wire.OFFSET_SPAN_PEER_ADDRESS, 16), bytesFrom(0x50, 16));
  assert.equal(span.u16(wire.OFFSET_SPAN_PEER_PORT), 0x9192);
  assert.equal(span.u16(wire.OFFSET_SPAN_PEER_FAMILY), 0x9394);
  assert.equal(span.u64(wire.OFFSET_SPAN_ERROR_TYPE), 0x999a9b9c9d9e9fa0n);
  assert.deepEqual(span.bytes(wire.SIZEOF_SPAN, 8), bytesFrom(1, 8));

  const lost = new Fields(golden("span_lost"), "span lost", wire.SIZEOF_SPAN_LOST);
  assert.deepEqual(lost.bytes(wire.OFFSET_SPAN_LOST_SPAN_ID, 8), bytesFrom(0xd0, 8));
  assert.equal(lost.u32(wire.OFFSET_SPAN_LOST_REASON), wire.LOST_ABANDONED);
});

Deno.test("every encode function writes what the C structs hold", () => {
  const layoutFields = Object.entries(wire).filter(([name]) => name.startsWith("OFFSET_GO_LAYOUT_"));
  const layout = Object.fromEntries(
    layoutFields.map(([name, offset]) => [
      name.slice("OFFSET_GO_LAYOUT_".length).toLowerCase(),
      0xf0000000 + offset / 4,
    ]),
  );
  const encoded = {
    control_list: control.encodePlain(wire.KIND_LIST, ID, PID),
    control_read_exe: control.encodeReadExe(ID, PID, 0x0011121314151617, 0x00018283),
    control_attach: control.encodeAttach(ID, PID, 0x81828384, [
      { fileOffset: 0x0011121314151617, probe: 0x85868788, flags: 0x898a8b8c },
      { fileOffset: 0x0012131415161718, probe: 0x8d8e8f90, flags: 0x91929394 },
    ]),
    control_detach: withPid(control.encodeDetach(ID, 0x0011121314151617)),
    control_target: control.encodeTarget(ID, PID, {
      enabled: true,
      sampler: wire.SAMPLER_RATIO,
      parentBased: true,
      measure: true,
      threshold: 0x8182838485868788n,
    }),
    control_plan: withPid(control.encodePlan(ID, 0x81828384, 0x8586, [
      { code: 0x87, string: 0x88, source: 0x898a, add: 0x8b8c, length: 0x8d8e },
      { code: 0x97, string: 0x98, source: 0x999a, add: 0x9b9c, length: 0x9d9e },
    ])),
    control_layout: withPid(control.encodeLayout(ID, 0x81828384, layout)),
    control_flip: withPid(control.encodeFlip(ID, 0x81828384, 0x85868788)),
  };
  for (const [name, bytes] of Object.entries(encoded)) assert.deepEqual(bytes, golden(name), name);
});

/** Messages that concern no process have pid 0; the C side sets it in all. */
function withPid(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setUint32(wire.OFFSET_CONTROL_PID, PID, true);
  return bytes;
}

Deno.test("RecordReader yields all goldens in a row, whatever the chunks", () => {
  const names = ["hello", "process", "span", "reply", "stats", "exe_data", "span_lost", "process_exit"];
  const records = names.map((name) => [...golden(name)]);
  const stream = Uint8Array.from(records.flat());
  for (const chunkBytes of [1, 7, 23, 24, 25, 101, stream.length]) {
    const reader = new RecordReader();
    const seen: number[][] = [];
    for (let at = 0; at < stream.length; at += chunkBytes) {
      reader.push(stream.slice(at, at + chunkBytes), (record) => seen.push([...record]));
    }
    reader.end();
    assert.deepEqual(seen, records, `chunks of ${chunkBytes}`);
  }
});
