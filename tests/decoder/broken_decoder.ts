/**
 * Real decoders that go wrong when they are asked to: `feed` begins with code of ours that runs when the first record
 * of the input is of one process. Used by the tests of faults.
 */
import { OFFSET_HEADER_PID } from "../../bpf/wire.gen.ts";
import { INPUT_OFFSET, STATUS_OFFSET, WORD_SPANS } from "../../decoder-as/assembly/memory_map.ts";
import { type DecoderCode } from "../../src/decoder/host.ts";
import { harden } from "../../src/decoder/harden.ts";
import type { DecoderPack } from "../../src/decoder/manifest.ts";
import { leb128, signedLeb128, WasmReader } from "../../src/decoder/wasm_reader.ts";

/** Records of this process set the fault off. */
export const BAD_PID = 666;

/** What it does then, as WebAssembly. */
export const FAULTS = {
  /** unreachable */
  trap: [0x00],
  /** loop br 0 end */
  loop: [0x03, 0x40, 0x0c, 0x00, 0x0b],
  /** Says that it took nothing. */
  nothing: [0x41, 0x00, 0x0f],
  /** Says that it took more than there was. */
  tooMuch: [0x20, 0x00, 0x41, 0x08, 0x6a, 0x0f],
  /** Takes everything and counts none of it. */
  silent: [0x20, 0x00, 0x0f],
  /** Counts a span that it does not write. */
  lie: [
    ...[0x41, ...signedLeb128(STATUS_OFFSET + 8 * WORD_SPANS)],
    ...[0x41, ...signedLeb128(STATUS_OFFSET + 8 * WORD_SPANS), 0x29, 0x00, 0x00, 0x42, 0x01, 0x7c],
    ...[0x37, 0x00, 0x00],
  ],
} as const;

const EXPORT_SECTION = 7;
const CODE_SECTION = 10;

/** The pack's decoder with that fault, hardened. */
export function brokenDecoder(pack: DecoderPack, fault: keyof typeof FAULTS): DecoderCode {
  const prefix = [
    ...[0x41, ...signedLeb128(INPUT_OFFSET + OFFSET_HEADER_PID), 0x28, 0x00, 0x00],
    ...[0x41, ...signedLeb128(BAD_PID), 0x46, 0x04, 0x40],
    ...FAULTS[fault],
    0x0b,
  ];
  return { name: pack.manifest.name, code: harden(withPrefix(pack.bytes, "feed", prefix)) };
}

/** The module with code put before an exported function's own. */
export function withPrefix(
  module: Uint8Array,
  name: string,
  prefix: readonly number[],
): Uint8Array<ArrayBuffer> {
  const reader = new WasmReader(module, 8);
  const result = [...module.subarray(0, 8)];
  let wanted = -1;
  while (!reader.done) {
    const from = reader.at;
    const id = reader.u8();
    const content = reader.part(reader.u32());
    if (id === EXPORT_SECTION) wanted = exportedFunction(content, name);
    if (id !== CODE_SECTION) {
      result.push(...module.subarray(from, reader.at));
      continue;
    }
    const count = content.count();
    const bodies = [...leb128(count)];
    for (let index = 0; index < count; index++) {
      const body = content.part(content.u32());
      const bytes = [...module.subarray(body.at, body.end)];
      // Modules of ours import no function, so functions count from 0.
      if (index === wanted) bytes.splice(localsBytes(body), 0, ...prefix);
      bodies.push(...leb128(bytes.length), ...bytes);
    }
    result.push(id, ...leb128(bodies.length), ...bodies);
  }
  return Uint8Array.from(result);
}

function exportedFunction(content: WasmReader, name: string): number {
  for (let left = content.count(); left > 0; left--) {
    const found = content.text();
    const kind = content.u8();
    const index = content.u32();
    if (found === name && kind === 0) return index;
  }
  throw new Error(`Cannot find ${name}: the module does not export it`);
}

function localsBytes(body: WasmReader): number {
  const from = body.at;
  for (let groups = body.count(); groups > 0; groups--) {
    body.u32();
    body.u8();
  }
  return body.at - from;
}
