/**
 * Recognises executables packed with UPX, whose code and build information are compressed. Used by inspect.ts.
 * Format: UPX source, src/stub/src/include/linux.h (l_info and p_info follow the program headers).
 */
import { type Elf, PT_INTERP } from "./elf.ts";
import type { ExeReader } from "./source.ts";

/** "UPX!" */
const MAGIC = 0x2158_5055;
/** l_checksum, l_magic, l_lsize, l_version, l_format; p_progid, p_filesize, p_blocksize. */
const INFO_BYTES = 24;
const FILE_SIZE_OFFSET = 16;
/** The smallest Go program that links net/http has over 3 MiB. */
const MIN_GO_BYTES = 1024 * 1024;

/**
 * Whether the file is a packed program that is likely Go: statically linked, as Go programs are, and of the size of
 * one before packing. Nothing else of Go survives the packing.
 */
export async function isPackedGo(elf: Elf, reader: ExeReader): Promise<boolean> {
  const at = elf.is64 ? 64 + 56 * elf.segments.length : 52 + 32 * elf.segments.length;
  if (elf.sections.length > 0 || at + INFO_BYTES > reader.size) {
    return false;
  }
  const info = await reader.read(at, INFO_BYTES, "UPX header");
  return info.u32(4) === MAGIC && info.u32(FILE_SIZE_OFFSET) >= MIN_GO_BYTES &&
    !elf.segments.some(({ type }) => type === PT_INTERP);
}
