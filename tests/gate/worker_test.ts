/** Gate and its Worker: verdicts come from another thread, whatever the decoder does. */
import assert from "node:assert/strict";
import { groupFamilies } from "../../decoder-as/plans/family.ts";
import { Gate } from "../../src/gate/gate.ts";
import { compile, readSources } from "../../src/maker/compile.ts";
import { layouts, packFor } from "../decoder/fixture.ts";
import { altered, decoderModule } from "../support/altered_pack.ts";
import { code } from "../support/wasm_builder.ts";

const VERSION = "go1.27.4";
const LOOPING = decoderModule([...code.forever, ...code.i32(0)]);

function codeOf(verdict: Awaited<ReturnType<Gate["check"]>>): string {
  return "refused" in verdict ? verdict.refused.code : "let in";
}

/** The decoder of VERSION with one line of its source replaced. */
async function rebuilt(from: string, to: string): Promise<Uint8Array<ArrayBuffer>> {
  const { manifest, bytes } = packFor(VERSION);
  const family = groupFamilies([...layouts.values()]).find(({ name }) => name === manifest.name)!;
  const path = "decoder-as/assembly/feed.ts";
  const sources = new Map(await readSources());
  const source = sources.get(path)!;
  assert.ok(source.includes(from));
  sources.set(path, source.replace(from, to));
  return altered(bytes, { module: await compile(family, sources) });
}

Deno.test("Gate.check() lets a good decoder in, after bad ones too", async () => {
  await using gate = new Gate();
  const { bytes, digest, manifest } = packFor(VERSION);
  assert.equal(codeOf(await gate.check(altered(bytes, { module: LOOPING }))), "decoder-too-slow");
  assert.equal(codeOf(await gate.check(new Uint8Array())), "decoder-not-wasm");
  const verdict = await gate.check(bytes);
  assert.ok("pack" in verdict);
  assert.equal(verdict.pack.digest, digest);
  assert.deepEqual(verdict.pack.manifest, manifest);
  assert.ok(WebAssembly.validate(verdict.pack.code));
});

Deno.test("Gate.check() leaves this thread free while a decoder loops", async () => {
  await using gate = new Gate();
  const bad = altered(packFor(VERSION).bytes, { module: LOOPING });
  await gate.check(bad);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const verdicts = await Promise.all([gate.check(bad), gate.check(bad), gate.check(bad)]);
  clearInterval(timer);
  assert.deepEqual(verdicts.map(codeOf), new Array(3).fill("decoder-too-slow"));
  assert.ok(ticks > 0, "the timer never fired");
});

Deno.test("Gate.check() that is aborted fails with the signal's reason, later ones do not", async () => {
  await using gate = new Gate();
  const { bytes } = packFor(VERSION);
  const abort = new AbortController();
  const aborted = gate.check(bytes, { signal: abort.signal });
  abort.abort(new Error("no longer wanted"));
  await assert.rejects(aborted, /no longer wanted/);
  assert.equal(codeOf(await gate.check(bytes)), "let in");
  await assert.rejects(gate.check(bytes, { signal: abort.signal }), /no longer wanted/);
});

Deno.test("Gate that is disposed fails what is under way and what comes later", async () => {
  const gate = new Gate();
  const underWay = gate.check(packFor(VERSION).bytes);
  const failed = assert.rejects(underWay, /the gate is closed/);
  await gate[Symbol.asyncDispose]();
  await failed;
  await assert.rejects(gate.check(new Uint8Array()), /the gate is closed/);
});

Deno.test("Gate.check() finds the decoder that traps after many good records, and the one that forgets starts", async () => {
  await using gate = new Gate();
  const line = "function onStart(record: usize, size: u32): void {";
  const trapping = await rebuilt(line, `${line}\n  if (word(WORD_STARTS) == 5000) unreachable();`);
  assert.equal(codeOf(await gate.check(trapping)), "decoder-trapped");
  const forgetting = await rebuilt(line, `${line}\n  if (size > 1600) return;`);
  assert.equal(codeOf(await gate.check(forgetting)), "decoder-hostile-record");
});
