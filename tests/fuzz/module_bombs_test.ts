/** Modules of a few MiB that have more parts than anything that goes through them can hold. */
import assert from "node:assert/strict";
import { harden, HardenError } from "../../src/decoder/harden.ts";
import { leb128 } from "../../src/decoder/wasm_reader.ts";

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const TYPE = [1, 4, 1, 0x60, 0, 0];
/** env.memory with 530 pages. */
const IMPORT = [
  2,
  16,
  1,
  3,
  ...new TextEncoder().encode("env"),
  6,
  ...new TextEncoder().encode("memory"),
  2,
  0,
  0x92,
  0x04,
];
const LOOP = [0x03, 0x40, 0x0b];

function repeated(bytes: readonly number[], times: number): number[] {
  return Array.from({ length: bytes.length * times }, (_, at) => bytes[at % bytes.length]!);
}

/** A module of functions with this body. */
function moduleOf(functions: number, body: readonly number[]): Uint8Array {
  const types = [...leb128(functions), ...repeated([0], functions)];
  const head = [...PREAMBLE, ...TYPE, ...IMPORT, 3, ...leb128(types.length)];
  const sized = [...leb128(body.length), ...body];
  const code = [...leb128(functions), ...repeated(sized, functions)];
  const parts = [head, types, [10, ...leb128(code.length)], code];
  const module = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    module.set(part, at);
    at += part.length;
  }
  return module;
}

function isRefusal(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof HardenError && message.test(error.message);
}

Deno.test("harden: takes a function with ten loops", () => {
  assert.ok(WebAssembly.validate(harden(moduleOf(1, [0, ...repeated(LOOP, 10), 0x0b]))));
});

Deno.test("harden: refuses a function with a million loops", () => {
  assert.throws(
    () => harden(moduleOf(1, [0, ...repeated(LOOP, 1_000_000), 0x0b])),
    isRefusal(/more than \d+ loops/),
  );
});

Deno.test("harden: refuses a million functions", () => {
  assert.throws(() => harden(moduleOf(1_000_000, [0, 0x0b])), isRefusal(/too many functions/));
});
