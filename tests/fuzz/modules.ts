/**
 * Target "modules": mutated decoder files through the gate. A file is refused for a documented reason or taken; what
 * is taken is tried as the gate tries it, and ends by its fuel at the latest.
 */
import assert from "node:assert/strict";
import { examinePack } from "../../src/gate/examine.ts";
import { tryPack } from "../../src/gate/try_pack.ts";
import type { Reason } from "../../src/support/reason.ts";
import type { DecoderFile } from "./decoder_files.ts";
import { FuzzFailure, type FuzzLimits, type FuzzReport } from "./failure.ts";
import { Random } from "./random.ts";
import { mutateModule } from "./wasm_mutations.ts";

/** Generous for a machine that does other work too: a trial takes half a second. */
const TIME_LIMIT_MS = 60_000;
/** A trial costs as much as a thousand static checks. */
const TRY_EVERY = 8;
/** Codes of src/gate/refusal.ts. */
const CODES = new Set([
  "decoder-abi-mismatch",
  "decoder-bad-manifest",
  "decoder-bad-range",
  "decoder-exports",
  "decoder-golden-mismatch",
  "decoder-golden-missing",
  "decoder-hostile-record",
  "decoder-imports",
  "decoder-instruction",
  "decoder-memory",
  "decoder-not-wasm",
  "decoder-too-large",
  "decoder-too-slow",
  "decoder-trapped",
  "decoder-truncated",
  "decoder-wire-mismatch",
  "decoder-without-manifest",
]);

/** @throws {FuzzFailure} */
export async function fuzzModules(
  files: readonly DecoderFile[],
  { seed, inputs, seconds, onInput }: FuzzLimits,
): Promise<FuzzReport> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const outcomes: Record<string, number> = {};
  let input = 0;
  for (; input < inputs && elapsed() < seconds; input++) {
    const file = files[input % files.length]!;
    const label = `modules-${file.name}-seed${seed}-n${input}`;
    onInput?.(label);
    const random = new Random(seed, "modules", input);
    const module = mutateModule(file.bytes, random);
    try {
      const outcome = await examineModule(module, { isTried: random.once(TRY_EVERY) });
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      throw new FuzzFailure(label, module, error);
    }
  }
  return { name: "modules", inputs: input, seconds: elapsed(), outcomes };
}

/** Takes one module through the gate; yields what it said. */
export async function examineModule(
  module: Uint8Array<ArrayBuffer>,
  { isTried }: { isTried: boolean },
): Promise<string> {
  const started = performance.now();
  const pack = await examinePack(module);
  let outcome = "taken";
  if ("code" in pack && "remedy" in pack) {
    outcome = codeOf(pack);
  } else {
    assert.ok(WebAssembly.validate(pack.code), "the hardened module is not valid");
    const refusal = isTried ? tryPack(pack) : null;
    if (refusal) outcome = `tried: ${codeOf(refusal)}`;
    else if (isTried) outcome = "tried: taken";
  }
  const took = performance.now() - started;
  assert.ok(took < TIME_LIMIT_MS, `took ${Math.round(took)} ms`);
  return outcome;
}

function codeOf({ code, message, remedy }: Reason): string {
  assert.ok(CODES.has(code), `unknown code ${code}`);
  assert.ok(message !== "" && remedy !== "", "a refusal without words");
  return code;
}
