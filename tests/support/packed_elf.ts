/**
 * An executable as UPX leaves it, as far as anybody can see from outside: one segment, no sections, UPX's two
 * headers behind the program headers, nothing of the packed program readable. It runs, and only waits.
 * Format: UPX source, src/stub/src/include/linux.h; ELF specification for the rest.
 */

const BASE = 0x400000n;
const HEADERS_BYTES = 64 + 56;
const L_INFO_AND_P_INFO_BYTES = 24;
// mov eax, 34 (pause); syscall; jmp back
const CODE = [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7];

/** Bytes of the executable; `unpackedBytes` is the size that UPX notes of what it packed. */
export function packedElf(unpackedBytes = 7_000_000): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8192);
  const view = new DataView(bytes.buffer);
  const entry = HEADERS_BYTES + L_INFO_AND_P_INFO_BYTES;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 62, true); // EM_X86_64
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BASE + BigInt(entry), true);
  view.setBigUint64(32, 64n, true); // program headers
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 1, true); // PT_LOAD
  view.setUint32(68, 5, true); // read, execute
  view.setBigUint64(80, BASE, true);
  view.setBigUint64(88, BASE, true);
  view.setBigUint64(96, BigInt(bytes.length), true);
  view.setBigUint64(104, BigInt(bytes.length), true);
  view.setBigUint64(112, 4096n, true);
  view.setUint32(HEADERS_BYTES + 4, 0x21585055, true); // l_magic "UPX!"
  view.setUint32(HEADERS_BYTES + 16, unpackedBytes, true); // p_filesize
  bytes.set(CODE, entry);
  return bytes;
}
