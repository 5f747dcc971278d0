import assert from "node:assert/strict";
import { encodeGoldens, GOLDEN_COUNTERS, type GoldenCounters, parseGoldens } from "./golden.ts";

const COUNTERS = Object.fromEntries(
  GOLDEN_COUNTERS.map((name, index) => [name, index * 100]),
) as GoldenCounters;
const VECTORS = [
  { name: "ä", input: new Uint8Array(300).fill(7), output: Uint8Array.of(1, 2), counters: COUNTERS },
  { name: "", input: new Uint8Array(), output: new Uint8Array(), counters: COUNTERS },
];

Deno.test("parseGoldens: yields what was encoded", () => {
  assert.deepEqual(parseGoldens(encodeGoldens(VECTORS)), VECTORS);
  assert.deepEqual(parseGoldens(encodeGoldens([])), []);
});

Deno.test("parseGoldens: refuses what was cut anywhere, and bytes left over", () => {
  const whole = encodeGoldens(VECTORS);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => parseGoldens(whole.subarray(0, length)), RangeError, String(length));
  }
  assert.throws(() => parseGoldens(Uint8Array.from([...whole, 0])), /1 bytes are left over/);
});

Deno.test("parseGoldens: refuses another format and numbers beyond their limits", () => {
  assert.throws(() => parseGoldens(Uint8Array.of(2, 0)), /format is 2, must be 1/);
  assert.throws(() => parseGoldens(Uint8Array.of(1, 0x81, 0x02)), /at byte 1 must be at most 256/);
  assert.throws(() => parseGoldens(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0)), RangeError);
});
