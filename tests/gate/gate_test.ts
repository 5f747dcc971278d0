/** What the gate refuses, each by its code, and that it lets the bundled decoders in. */
import assert from "node:assert/strict";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { type GoldenVector, parseGoldens } from "../../src/decoder/golden.ts";
import { examinePack, MAX_PACK_BYTES } from "../../src/gate/examine.ts";
import type { GateCode } from "../../src/gate/refusal.ts";
import { tryPack } from "../../src/gate/try_pack.ts";
import { goldensOf } from "../../src/gate/examine.ts";
import type { Reason } from "../../src/support/reason.ts";
import { packFor, packs } from "../decoder/fixture.ts";
import { altered, bareModule, decoderModule, manifestOf } from "../support/altered_pack.ts";
import { code, I32, I64, wasm } from "../support/wasm_builder.ts";

const GOOD = packFor("go1.27.4").bytes;
const OTHER = packFor("go1.17.13").bytes;
/** Consumes its input and counts nothing. */
const TAKES_ALL = code.localGet(0);

/** What the gate has against a file; null: nothing. */
async function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<Reason | null> {
  const pack = await examinePack(bytes);
  return "manifest" in pack ? tryPack(pack) : pack;
}

async function assertRefused(
  bytes: Uint8Array<ArrayBuffer>,
  wanted: GateCode,
  message: RegExp,
): Promise<void> {
  const reason = await refusal(bytes);
  assert.equal(reason?.code, wanted, reason?.message);
  assert.match(reason.message, message);
  assert.match(reason.message, /^Cannot use decoder/);
  assert.ok(reason.remedy.length > 10);
}

function goldens(): GoldenVector[] {
  return goldensOf({ bytes: GOOD });
}

Deno.test("gate: lets every bundled decoder in, with what it is", async () => {
  for (const { bytes, manifest, digest } of packs) {
    const pack = await examinePack(bytes);
    assert.ok("manifest" in pack);
    assert.equal(tryPack(pack), null, manifest.name);
    assert.deepEqual(pack.manifest, manifest);
    assert.equal(pack.digest, digest);
    assert.match(digest, /^[0-9a-f]{64}$/);
  }
});

Deno.test("gate: gives the same verdict each time", async () => {
  const bad = altered(GOOD, { goldens: goldensOf({ bytes: OTHER }) });
  assert.deepEqual(await refusal(bad), await refusal(bad));
});

Deno.test("gate: refuses what is too large, no module, or cut", async () => {
  await assertRefused(
    new Uint8Array(MAX_PACK_BYTES + 1),
    "decoder-too-large",
    /4194305 bytes, may have 4194304/,
  );
  await assertRefused(new TextEncoder().encode("#!/bin/sh"), "decoder-not-wasm", /no WebAssembly module/);
  await assertRefused(new Uint8Array(), "decoder-not-wasm", /no WebAssembly module/);
  await assertRefused(GOOD.slice(0, GOOD.length - 1), "decoder-truncated", /ends beyond it/);
  for (const part of [0.1, 0.5, 0.9]) {
    const reason = await refusal(GOOD.slice(0, Math.floor(GOOD.length * part)));
    assert.ok(reason !== null, `${part} of the file`);
  }
});

Deno.test("gate: refuses a manifest that is missing, broken, or of another build", async () => {
  await assertRefused(
    altered(GOOD, { manifest: null }),
    "decoder-without-manifest",
    /no section tsunagi\.manifest/,
  );
  const manifest = (change: Record<string, unknown>) => altered(GOOD, { manifest: change });
  await assertRefused(manifest({ plans: 7 }), "decoder-bad-manifest", /go1\.27: .*plans must be a list/);
  await assertRefused(manifest({ name: "../x" }), "decoder-bad-manifest", /name must be/);
  await assertRefused(
    manifest({ version: "new" }),
    "decoder-bad-manifest",
    /version must be a semantic version/,
  );
  await assertRefused(manifest({ structs: undefined }), "decoder-bad-manifest", /structs must be/);
  await assertRefused(manifest({ layout: { g_goid: 8 } }), "decoder-bad-manifest", /"\w+" is missing/);
  const plan = (op: Record<string, number>) => [{
    probe: 0,
    ops: [{ code: 1, string: 0, source: 1784, add: 0, length: 8, ...op }],
  }];
  await assertRefused(manifest({ plans: plan({ code: 4 }) }), "decoder-bad-manifest", /op 0 has code 4/);
  await assertRefused(manifest({ plans: plan({ source: 1785 }) }), "decoder-bad-manifest", /source 1785/);
  await assertRefused(manifest({ goRange: ">=1.27" }), "decoder-bad-range", /Cannot read Go range ">=1\.27"/);
  await assertRefused(
    manifest({ abi: ABI_VERSION + 1 }),
    "decoder-abi-mismatch",
    /it has ABI 3, the service has 2/,
  );
  await assertRefused(
    manifest({ wireFingerprint: "0123456789abcdef" }),
    "decoder-wire-mismatch",
    /wire 0123456789abcdef, the service has/,
  );
});

Deno.test("gate: a manifest of an earlier ABI is told as that, whatever it lacks", async () => {
  const { structs: _, libraries: __, ...rest } = manifestOf(GOOD);
  await assertRefused(
    altered(GOOD, { manifest: { ...rest, structs: undefined, libraries: undefined, abi: 1 } }),
    "decoder-abi-mismatch",
    /ABI 1/,
  );
});

Deno.test("gate: refuses golden vectors that are missing, unreadable, or give no span", async () => {
  await assertRefused(
    altered(GOOD, { goldens: null }),
    "decoder-golden-missing",
    /no section tsunagi\.golden/,
  );
  await assertRefused(altered(GOOD, { goldens: [] }), "decoder-golden-missing", /none of its golden vectors/);
  await assertRefused(
    altered(GOOD, { goldens: Uint8Array.of(9) }),
    "decoder-golden-missing",
    /format is 9, must be 1/,
  );
});

Deno.test("gate: refuses modules that want more than the memory", async () => {
  const module = (other: Parameters<typeof decoderModule>[1]) =>
    altered(GOOD, { module: decoderModule(TAKES_ALL, other) });
  await assertRefused(
    module({ imports: [{ module: "env", name: "abort" }] }),
    "decoder-imports",
    /imports env\.abort, must import the memory/,
  );
  await assertRefused(module({ memory: null }), "decoder-imports", /must import the memory/);
  await assertRefused(module({ ownMemory: { minimum: 1 } }), "decoder-memory", /memory of its own/);
  await assertRefused(module({ memory: { minimum: map.MEMORY_PAGES + 1 } }), "decoder-memory", /531 pages/);
  await assertRefused(module({ memory: { minimum: 1, maximum: 2 } }), "decoder-memory", /at most 2 pages/);
  await assertRefused(
    module({ data: [{ at: map.STATUS_OFFSET, bytes: Uint8Array.of(1) }] }),
    "decoder-memory",
    /where the counters are/,
  );
  await assertRefused(
    module({ data: [{ at: map.MEMORY_PAGES * 65536, bytes: Uint8Array.of(1) }] }),
    "decoder-memory",
    /cannot be instantiated/,
  );
});

Deno.test("gate: refuses instructions that fuel cannot bound, and start functions", async () => {
  const filling = [...code.i32(0), ...code.i32(0), ...code.i32(9), ...code.memoryFill, ...TAKES_ALL];
  await assertRefused(altered(GOOD, { module: decoderModule(filling) }), "decoder-instruction", /./);
  const growing = [...code.i32(1), ...code.memoryGrow, ...code.drop, ...TAKES_ALL];
  await assertRefused(altered(GOOD, { module: decoderModule(growing) }), "decoder-instruction", /./);
  const starting = decoderModule(TAKES_ALL, { functions: [{ body: [] }], start: 5 });
  await assertRefused(altered(GOOD, { module: starting }), "decoder-instruction", /start function/);
});

Deno.test("gate: refuses modules without the exports of a decoder, or with other types", async () => {
  await assertRefused(
    altered(GOOD, { module: wasm({ functions: [{ name: "abi", results: [I32], body: code.i32(2) }] }) }),
    "decoder-exports",
    /does not export wireFingerprintLow, wireFingerprintHigh, feed, drop/,
  );
  const abi = (results: number[], body: readonly number[]) =>
    wasm({
      functions: ["abi", "wireFingerprintLow", "wireFingerprintHigh", "feed", "drop"]
        .map((name) => ({ name, results, body })),
    });
  await assertRefused(
    altered(GOOD, { module: abi([I32], code.i32(1)) }),
    "decoder-exports",
    /abi\(\) is 1, must be 2/,
  );
  await assertRefused(
    altered(GOOD, { module: abi([I64], [0x42, 0x02]) }),
    "decoder-exports",
    /abi yields bigint/,
  );
  await assertRefused(altered(GOOD, { module: abi([], []) }), "decoder-exports", /abi yields undefined/);
});

Deno.test("gate: refuses a decoder whose code was made for another layout than its golden vectors", async () => {
  const goldensOfOther = altered(GOOD, { goldens: goldensOf({ bytes: OTHER }) });
  await assertRefused(
    goldensOfOther,
    "decoder-golden-mismatch",
    /go1\.27: golden vector "server unseen end"|golden vector/,
  );
  const codeOfOther = altered(GOOD, { module: bareModule(OTHER) });
  await assertRefused(codeOfOther, "decoder-golden-mismatch", /golden vector "/);
});

Deno.test("gate: names the byte and the counter that differ", async () => {
  const [first, ...rest] = goldens();
  const output = first!.output.slice();
  output[50]! ^= 1;
  await assertRefused(
    altered(GOOD, { goldens: [{ ...first!, output }, ...rest] }),
    "decoder-golden-mismatch",
    /golden vector "server unseen end": byte 50 of the output is 0x[0-9a-f]{2}, must be 0x[0-9a-f]{2}$/,
  );
  await assertRefused(
    altered(GOOD, { goldens: [{ ...first!, output: output.slice(0, 40) }] }),
    "decoder-golden-mismatch",
    /the output has \d+ bytes, must have 40/,
  );
  await assertRefused(
    altered(GOOD, { goldens: [{ ...first!, counters: { ...first!.counters, orphans: 3 } }] }),
    "decoder-golden-mismatch",
    /counter orphans rises by 0, must rise by 3/,
  );
  await assertRefused(
    altered(GOOD, { goldens: [{ ...first!, input: first!.input.slice(0, -8) }] }),
    "decoder-golden-mismatch",
    /the input is no run of whole records/,
  );
});

Deno.test("gate: refuses code, plans and golden vectors that agree with each other and not with the structs", async () => {
  const { structs } = manifestOf(GOOD) as { structs: { fields: Record<string, number> } };
  const fields = { ...structs.fields, "response.status": structs.fields["response.written"]! };
  await assertRefused(
    altered(GOOD, { manifest: { structs: { ...structs, fields } } }),
    "decoder-golden-mismatch",
    /sample "server (request|defaults)": attribute http\.response\./,
  );
});

Deno.test("gate: refuses decoders that trap, loop or recurse for ever", async () => {
  const module = (feed: readonly number[]) => altered(GOOD, { module: decoderModule(feed) });
  await assertRefused(module(code.unreachable), "decoder-trapped", /feed traps: unreachable/);
  await assertRefused(
    module([...code.i32(-4), ...code.load]),
    "decoder-trapped",
    /feed traps: memory access/,
  );
  await assertRefused(
    module([...code.forever, ...code.i32(0)]),
    "decoder-too-slow",
    /feed does not come to an end/,
  );
  const endless = await refusal(module([...code.localGet(0), ...code.call(3)]));
  assert.ok(endless?.code === "decoder-trapped" || endless?.code === "decoder-too-slow", endless?.message);
});

Deno.test("gate: refuses decoders that take nothing, too much, or count no start", async () => {
  const module = (feed: readonly number[]) => altered(GOOD, { module: decoderModule(feed) });
  await assertRefused(module(code.i32(0)), "decoder-hostile-record", /took 0 bytes of/);
  await assertRefused(module(code.i32(-1)), "decoder-hostile-record", /took 4294967295 bytes of/);
  await assertRefused(module(TAKES_ALL), "decoder-hostile-record", /it counts 0 starts of 1/);
});

Deno.test("gate: refuses decoders that write more than there is, or what is no span", async () => {
  const writes = (bytes: number) => [
    ...code.i32(map.STATUS_OFFSET + 8 * map.WORD_OUTPUT_BYTES),
    ...code.i32(bytes),
    ...code.store,
    ...TAKES_ALL,
  ];
  const module = (bytes: number) => altered(GOOD, { module: decoderModule(writes(bytes)) });
  await assertRefused(module(map.OUTPUT_BYTES + 1), "decoder-hostile-record", /output has 4194305 bytes/);
  await assertRefused(
    module(20),
    "decoder-hostile-record",
    /writes what is no span: Cannot read row at byte 0/,
  );
});

Deno.test("goldens: of the bundled decoders hold one vector for each sample, most with a span", () => {
  for (const { bytes, manifest } of packs) {
    const vectors = goldensOf({ bytes });
    assert.ok(vectors.length >= 13, manifest.name);
    assert.ok(vectors.filter(({ counters }) => counters.spans === 1).length >= 12, manifest.name);
  }
  assert.deepEqual(parseGoldens(new Uint8Array([1, 0])), []);
});
