/**
 * The contents of a debug section as a stream of pieces: plain, in the old GNU form (".zdebug_*", "ZLIB" and a
 * big-endian size) or SHF_COMPRESSED with zlib. Used by dwarf.ts; a compressed section is never held whole.
 */
import { type Elf, findSection, type Section, SHF_COMPRESSED } from "./elf.ts";
import { corrupt } from "./refusal.ts";
import type { ExeReader } from "./source.ts";

const CHUNK_BYTES = 1024 * 1024;
/** ".zdebug_*": "ZLIB", then the size as 8 bytes. */
const GNU_HEADER_BYTES = 12;
/** Elf64_Chdr: type, reserved, size, alignment. */
const ELF_HEADER_BYTES = 24;
const ELFCOMPRESS_ZLIB = 1;
/** Longest section after decompression. */
const MAX_SECTION_BYTES = 4 * 1024 * 1024 * 1024;

/** The debug section of that name (without ".debug_"), or `null` when the file has none. */
export function findDebugSection(elf: Elf, name: string): Section | null {
  return findSection(elf, `.debug_${name}`, `.zdebug_${name}`) ?? null;
}

/**
 * Its bytes in order.
 *
 * @throws {Refusal} when it is compressed in another way, or is longer than it says.
 */
export async function* streamSection(reader: ExeReader, section: Section): AsyncGenerator<Uint8Array> {
  const { offset, size, name } = section;
  if (name.startsWith(".zdebug_")) {
    const head = await reader.read(offset, GNU_HEADER_BYTES, name);
    if (head.text(0, 4) !== "ZLIB") {
      throw corrupt(`${name} does not begin with "ZLIB"`);
    }
    const inflated = head.u8(4) === 0 && head.u8(5) === 0 && head.u8(6) === 0
      ? new DataView(head.data.buffer, head.data.byteOffset + 8, 4).getUint32(0) + head.u8(7) * 0x1_0000_0000
      : Infinity;
    yield* inflate(pieces(reader, name, offset + GNU_HEADER_BYTES, offset + size), name, inflated);
  } else if ((section.flags & SHF_COMPRESSED) !== 0) {
    const head = await reader.read(offset, ELF_HEADER_BYTES, name);
    if (head.u32(0) !== ELFCOMPRESS_ZLIB) {
      throw corrupt(`${name} is compressed by method ${head.u32(0)}, must be ${ELFCOMPRESS_ZLIB} (zlib)`);
    }
    yield* inflate(pieces(reader, name, offset + ELF_HEADER_BYTES, offset + size), name, head.u64(8));
  } else {
    yield* pieces(reader, name, offset, offset + size);
  }
}

/** The whole section. */
export async function readWholeSection(
  reader: ExeReader,
  section: Section,
  limit: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of streamSection(reader, section)) {
    parts.push(part);
    length += part.length;
    if (length > limit) {
      throw corrupt(`${section.name} is longer than ${limit} bytes`);
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function* pieces(
  reader: ExeReader,
  name: string,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = start; at < end; at += CHUNK_BYTES) {
    yield new Uint8Array((await reader.read(at, Math.min(CHUNK_BYTES, end - at), name)).data);
  }
}

async function* inflate(
  compressed: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  name: string,
  size: number,
): AsyncGenerator<Uint8Array> {
  if (size > MAX_SECTION_BYTES) {
    throw corrupt(`${name} has ${size} bytes, must be at most ${MAX_SECTION_BYTES}`);
  }
  const stream = ReadableStream.from(compressed).pipeThrough(new DecompressionStream("deflate"));
  let length = 0;
  try {
    for await (const part of stream) {
      length += part.length;
      if (length > size) {
        throw corrupt(`${name} is longer than the ${size} bytes it says`);
      }
      yield part;
    }
  } catch (error) {
    // The engine reports bad deflate data as a TypeError.
    throw error instanceof TypeError ? corrupt(`${name} holds no zlib data`) : error;
  }
}
