/** Broken and hostile bytes on the loader's stdin, and a service that stalls or goes away. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import {
  encodeAttach,
  encodeFlip,
  encodePlain,
  encodePlan,
  encodeReadExe,
  encodeTarget,
} from "../../src/wire/control.ts";
import { BpfObjects } from "../support/bpf_state.ts";
import { eventually, patiently, sleep } from "../support/eventually.ts";
import { rootTest } from "../support/root.ts";
import { RawLoader } from "./raw_loader.ts";

const EINVAL = 22, EBADMSG = 74, EMSGSIZE = 90, EOPNOTSUPP = 95;
const REGISTER = wire.CAPTURE_START_BYTES - 8;
const SITE = { fileOffset: 4_096, probe: wire.PROBE_SERVER_START, flags: 0 };

function resized(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  new DataView(copy.buffer).setUint32(wire.OFFSET_CONTROL_SIZE, size, true);
  return copy;
}

function stating(size: number): Uint8Array<ArrayBuffer> {
  const bytes = encodePlain(wire.KIND_LIST, 1);
  new DataView(bytes.buffer).setUint32(wire.OFFSET_CONTROL_SIZE, size, true);
  return bytes;
}

const HOSTILE: readonly (readonly [what: string, bytes: Uint8Array<ArrayBuffer>, errno: number])[] = [
  ["size 0", stating(0), EBADMSG],
  ["size 8", stating(8), EBADMSG],
  ["unknown kind", encodePlain(127, 1), EOPNOTSUPP],
  ["a record's kind", encodePlain(wire.KIND_SPAN_START, 1), EOPNOTSUPP],
  ["LIST too long", resized(encodePlain(wire.KIND_LIST, 1), 4_096), EBADMSG],
  ["READ_EXE too short", resized(encodeReadExe(1, 1, 0, 8), 24), EBADMSG],
  ["READ_EXE of 2^53 bytes", encodeReadExe(1, 1, 0, Number.MAX_SAFE_INTEGER), EINVAL],
  ["ATTACH cut off", resized(encodeAttach(1, 1, 0, [SITE, SITE]), 40), EBADMSG],
  ["ATTACH binding", encodeAttach(1, 1, wire.MAX_BINDINGS, [SITE]), EINVAL],
  ["ATTACH probe", encodeAttach(1, 1, 0, [{ ...SITE, probe: wire.MAX_PROBES }]), EINVAL],
  ["ATTACH of 4001 sites", encodeAttach(1, 1, 0, new Array(4_001).fill(SITE)), EINVAL],
  ["ATTACH beyond the size limit", encodeAttach(1, 1, 0, new Array(5_000).fill(SITE)), EMSGSIZE],
  ["FLIP slot", encodeFlip(1, 0, wire.MAX_SLOTS), EINVAL],
  ["FLIP binding", encodeFlip(1, wire.MAX_BINDINGS, 0), EINVAL],
  ["PLAN slot", encodePlan(1, wire.MAX_SLOTS, 0, []), EINVAL],
  ["PLAN probe", encodePlan(1, 0, wire.MAX_PROBES, []), EINVAL],
  [
    "PLAN source behind the capture",
    encodePlan(1, 0, 0, [{ code: wire.OP_READ, string: 0, source: REGISTER + 8, add: 0, length: 8 }]),
    EINVAL,
  ],
  [
    "PLAN longer than the capture",
    encodePlan(1, 0, 0, [{ code: wire.OP_READ, string: 0, source: REGISTER, add: 0, length: 1_600 }]),
    EINVAL,
  ],
  [
    "TARGET sampler",
    encodeTarget(1, 1, { enabled: true, sampler: 9, parentBased: true, measure: false, threshold: 0n }),
    EINVAL,
  ],
];

rootTest("tsunagi-go refuses every hostile message with a reason, and serves the next", async () => {
  await using loader = await RawLoader.start();
  const reading = loader.read();
  for (const [what, bytes, errno] of HOSTILE) {
    loader.replies.length = 0;
    await loader.write(bytes);
    await loader.write(encodePlain(wire.KIND_QUERY_STATS, 7));
    await eventually(() => assert.equal(loader.replies.length, 2, what));
    const [refusal, answer] = loader.replies;
    assert.equal(refusal?.error, errno, `${what}: ${refusal?.text}`);
    assert.match(refusal?.text ?? "", /must|unknown|beyond/, what);
    assert.deepEqual([answer?.id, answer?.error], [7, 0], what);
  }
  await loader.closeInput();
  assert.equal((await loader.ended).code, 0);
  await reading;
});

rootTest("tsunagi-go survives noise on stdin", async () => {
  await using loader = await RawLoader.start();
  const reading = loader.read();
  const noise = new Uint8Array(16_384);
  let seed = 23;
  for (let round = 0; round < 101; round++) {
    for (let index = 0; index < noise.length; index++) {
      seed = (seed * 1_103_515_245 + 12_345) >>> 0;
      noise[index] = seed >>> 16;
    }
    await loader.write(noise);
  }
  await loader.closeInput();
  const { code, signal } = await loader.ended;
  assert.deepEqual([code, signal], [0, null]);
  await reading;
});

rootTest("tsunagi-go ends at SIGTERM also while nobody empties the pipe", async () => {
  await using loader = await RawLoader.start();
  // The pipe holds 1 MiB and the loader 16; the answers to these have more.
  for (let id = 1; id <= 400; id++) await loader.write(encodeReadExe(id, loader.pid, 0, 65_536));
  await sleep(200);
  loader.kill("SIGTERM");
  const { code, signal } = await patiently(loader.ended, "the end of the loader");
  assert.deepEqual([code, signal], [0, null]);
});

rootTest(
  "tsunagi-go ends, and leaves nothing in the kernel, when the reader of the pipe goes away",
  async () => {
    await using loader = await RawLoader.start();
    const objects = BpfObjects.of(loader.pid);
    assert.notDeepEqual(await objects.left(), []);
    loader.closePipe();
    const { code, signal } = await patiently(loader.ended, "the end of the loader");
    assert.deepEqual([code, signal], [0, null]);
    await eventually(async () => assert.deepEqual(await objects.left(), []));
  },
);

rootTest("tsunagi-go ends when stdin closes though nobody empties the pipe", async () => {
  await using loader = await RawLoader.start();
  for (let id = 1; id <= 400; id++) await loader.write(encodeReadExe(id, loader.pid, 0, 65_536));
  await loader.closeInput();
  const { code, signal } = await patiently(loader.ended, "the end of the loader");
  assert.deepEqual([code, signal], [0, null]);
});
