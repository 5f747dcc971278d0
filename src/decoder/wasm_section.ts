/**
 * Custom sections of a WebAssembly module: the registry reads the manifest out of one, the build puts it in.
 * Format: WebAssembly core specification, binary format of modules.
 */

/** "\0asm" and version 1, as every module begins. */
const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const CUSTOM_SECTION = 0;

/** Whether the bytes begin as a module does. */
export function isWasm(module: Uint8Array): boolean {
  return PREAMBLE.every((byte, index) => module[index] === byte);
}

/**
 * Content of the first custom section of that name, or null.
 *
 * @throws {RangeError} when a section ends beyond the module.
 */
export function customSection(module: Uint8Array, name: string): Uint8Array | null {
  const wanted = new TextEncoder().encode(name);
  let at = PREAMBLE.length;
  while (at < module.length) {
    const id = module[at]!;
    const [bytes, content] = varint(module, at + 1);
    const end = content + bytes;
    if (end > module.length) throw new RangeError(`Cannot read module: section at byte ${at} ends beyond it`);
    if (id === CUSTOM_SECTION) {
      const [nameBytes, nameAt] = varint(module, content);
      const body = nameAt + nameBytes;
      if (body > end) {
        throw new RangeError(`Cannot read module: name of section at byte ${at} ends beyond it`);
      }
      const same = nameBytes === wanted.length &&
        wanted.every((byte, index) => module[nameAt + index] === byte);
      if (same) return module.subarray(body, end);
    }
    at = end;
  }
  return null;
}

/** The module with a custom section put behind its last one. */
export function withCustomSection(
  module: Uint8Array,
  name: string,
  content: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(name);
  const body = [...leb128(encoded.length), ...encoded];
  const head = [CUSTOM_SECTION, ...leb128(body.length + content.length), ...body];
  const result = new Uint8Array(module.length + head.length + content.length);
  result.set(module);
  result.set(head, module.length);
  result.set(content, module.length + head.length);
  return result;
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** An unsigned 32-bit LEB128 and the place behind it. */
function varint(module: Uint8Array, at: number): [value: number, behind: number] {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = module[at++];
    if (byte === undefined) throw new RangeError("Cannot read module: it ends within a number");
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
  throw new RangeError(`Cannot read module: number before byte ${at} is longer than 5 bytes`);
}
