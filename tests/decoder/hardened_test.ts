/** Hardening changes nothing that a decoder says, and a decoder that is cut short is refused. */
import assert from "node:assert/strict";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import * as wire from "../../bpf/wire.gen.ts";
import { FUEL_EXPORT, harden, HardenError } from "../../src/decoder/harden.ts";
import type { DecoderPack } from "../../src/decoder/manifest.ts";
import { Fixture, packs } from "./fixture.ts";

const SPANS = 100;
const AMPLE_FUEL = 10n ** 15n;

/** Server and client spans with long and short, plain and escaped texts. */
function input(goVersion: string): Uint8Array {
  const parts = Array.from({ length: SPANS }, (_, number) => {
    const fixture = new Fixture(goVersion);
    const head = { spanId: (number + 1).toString(16).padStart(16, "0"), pid: 1 + number % 3 };
    const text = `/${"aä%25".repeat(number % 60)}`;
    const isH2 = number % 4 === 0;
    return number % 2 === 0
      ? fixture.server({ target: `${text}?sig=${number}`, pattern: text, major: isH2 ? 2 : 1 }, {
        status: 404,
      }, {
        start: head,
        end: { ...head, outcome: number % 10 === 0 ? wire.OUTCOME_PANIC : wire.OUTCOME_OK },
        h2: isH2,
      })
      : fixture.client({ url: { path: text, rawPath: text, query: `a=${number}` } }, { status: 200 }, {
        start: head,
        end: head,
      });
  }).flat();
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

/** All of the memory that a decoder writes to, after one feed. */
function memoryAfter(code: Uint8Array<ArrayBuffer>, records: Uint8Array): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<"i64"> | undefined;
  if (fuel) fuel.value = AMPLE_FUEL;
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(records, map.INPUT_OFFSET);
  assert.equal((exports.feed as (length: number) => number)(records.length), records.length);
  return bytes;
}

const versionOf = ({ manifest: { name } }: DecoderPack) =>
  `${name}${name.split(".").length === 2 ? ".0" : ""}`;

for (const pack of packs) {
  Deno.test(`harden: ${pack.manifest.name} writes the same bytes with fuel as without`, () => {
    const records = input(versionOf(pack));
    const raw = memoryAfter(pack.bytes, records);
    const hardened = memoryAfter(harden(pack.bytes), records);
    const view = new DataView(raw.buffer);
    assert.equal(view.getBigUint64(map.STATUS_OFFSET + 8 * map.WORD_SPANS, true), BigInt(SPANS));
    assert.ok(equal(raw, hardened));
  });
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  const words = new BigUint64Array(right.buffer);
  return new BigUint64Array(left.buffer).every((word, index) => word === words[index]);
}

Deno.test("harden: a decoder that is cut short anywhere is refused, but between its last sections", () => {
  const { bytes } = packs.at(-1)!;
  let taken = 0;
  for (let length = 0; length < bytes.length; length++) {
    try {
      harden(bytes.subarray(0, length));
      taken++;
    } catch (error) {
      assert.ok(error instanceof HardenError, `at ${length}: ${error}`);
    }
  }
  // Before and between the custom sections at the end, and before the section that declares functions.
  assert.ok(taken <= 5, `${taken} are taken`);
});
