/** Executables of a few KiB whose debug information asks for hours of work, or for more memory than there is. */
import assert from "node:assert/strict";
import { readGoStructs } from "../../src/maker/structs.ts";
import { elfOf } from "./elf_file.ts";
import { PatchedSource } from "./patched_source.ts";

/** DW_TAG_variable, DW_AT_external and the form that has no bytes. */
const VARIABLE = 0x34;
const EXTERNAL = [0x3f, 0x19];
const MAX_ATTRIBUTES = 255;
/** Length, version 4, offset of the table, bytes of an address. */
const UNIT_HEAD_BYTES = 11;

/** One kind of entry, of as many attributes as there may be, none of which has a byte. */
function kind(code: number): number[] {
  const attributes = Array.from({ length: MAX_ATTRIBUTES }, () => EXTERNAL).flat();
  return [...code < 128 ? [code] : [code & 0x7f | 0x80, code >> 7], VARIABLE, 0, ...attributes, 0, 0];
}

function unit(info: Uint8Array, at: number, bytes: number, table: number): void {
  const view = new DataView(info.buffer, at);
  view.setUint32(0, bytes - 4, true);
  view.setUint16(4, 4, true);
  view.setUint32(6, table, true);
  view.setUint8(10, 8);
}

async function refusal(abbrev: readonly number[], info: Uint8Array): Promise<void> {
  const bytes = await elfOf([
    { name: ".debug_abbrev", bytes: Uint8Array.from(abbrev), compression: "zlib" },
    { name: ".debug_info", bytes: info, compression: "zlib" },
  ]);
  assert.ok(bytes.length < 100_000, `${bytes.length} bytes`);
  const started = performance.now();
  await assert.rejects(readGoStructs(new PatchedSource(bytes, { patches: [] })), { name: "Refusal" });
  assert.ok(performance.now() - started < 60_000);
}

Deno.test("readGoStructs: refuses entries of one byte and hundreds of attributes", async () => {
  const info = new Uint8Array(32 * 1024 * 1024).fill(1);
  unit(info, 0, info.length, 0);
  await refusal([...kind(1), 0], info);
});

Deno.test("readGoStructs: refuses units whose tables overlap", async () => {
  const kinds = Array.from({ length: 2_000 }, (_, index) => kind(index + 128));
  const info = new Uint8Array(200 * UNIT_HEAD_BYTES);
  for (let index = 0; index < 200; index++) {
    unit(info, index * UNIT_HEAD_BYTES, UNIT_HEAD_BYTES, index * kinds[0]!.length);
  }
  await refusal([...kinds.flat(), 0], info);
});

Deno.test("readGoStructs: refuses a table that lists one kind again and again", async () => {
  const info = new Uint8Array(UNIT_HEAD_BYTES);
  unit(info, 0, UNIT_HEAD_BYTES, 0);
  await refusal([...kind(1), ...kind(1), 0], info);
});

Deno.test("readGoStructs: refuses more units than a program has", async () => {
  const info = new Uint8Array(UNIT_HEAD_BYTES * 1_000_000);
  for (let at = 0; at < info.length; at += UNIT_HEAD_BYTES) unit(info, at, UNIT_HEAD_BYTES, 0);
  await refusal([0], info);
});
