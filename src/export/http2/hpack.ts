/**
 * Header compression of HTTP/2 (RFC 7541): reads every form, within bounds; writes literals alone, which need no state,
 * so that a block is made once and sent often. Used by Http2Connection.
 */
import { decodeHuffman } from "./huffman.ts";

export type HeaderField = readonly [name: string, value: string];

/** Appendix A. Entries have index 1 and up. */
const STATIC: readonly HeaderField[] = (
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|" +
  ":status=200|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|" +
  "accept-charset|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|" +
  "access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|" +
  "content-encoding|content-language|content-length|content-location|content-range|content-type|" +
  "cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|" +
  "if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|" +
  "proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|" +
  "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
).split("|").map((entry) => {
  const [name = "", value = ""] = entry.split("=");
  return [name, value];
});

/** SETTINGS_HEADER_TABLE_SIZE that holds where none is sent. */
const MAX_TABLE_BYTES = 4_096;
/** What an entry counts beside its texts (section 4.1). */
const ENTRY_BYTES = 32;
/** Of names and values in a block, uncompressed; many times what a collector sends. */
const MAX_LIST_BYTES = 64 * 1_024;

/** The state of one connection. */
export class HpackDecoder {
  /** Newest first. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #maxTableBytes = MAX_TABLE_BYTES;

  /**
   * The fields of a whole block. Names may come again.
   *
   * @throws {RangeError} when it is malformed or too large; the connection can then not be used any longer.
   */
  decode(block: Uint8Array): HeaderField[] {
    const cursor: Cursor = { block, at: 0 };
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (cursor.at < block.length) {
      const first = block[cursor.at]!;
      if ((first & 0xe0) === 0x20) {
        this.#resize(readInteger(cursor, 5));
        continue;
      }
      const field = first & 0x80 ? this.#entry(readInteger(cursor, 7)) : this.#literal(cursor, first);
      listBytes += sizeOf(field);
      if (listBytes > MAX_LIST_BYTES) {
        throw new RangeError(`Cannot read headers: they are longer than ${MAX_LIST_BYTES} bytes`);
      }
      fields.push(field);
    }
    return fields;
  }

  #literal(cursor: Cursor, first: number): HeaderField {
    const indexed = (first & 0x40) !== 0;
    const index = readInteger(cursor, indexed ? 6 : 4);
    const field: HeaderField = [
      index === 0 ? readText(cursor) : this.#entry(index)[0],
      readText(cursor),
    ];
    if (indexed) {
      this.#table.unshift(field);
      this.#tableBytes += sizeOf(field);
      this.#evict();
    }
    return field;
  }

  #entry(index: number): HeaderField {
    const entry = index <= STATIC.length ? STATIC[index - 1] : this.#table[index - STATIC.length - 1];
    if (entry === undefined) throw new RangeError(`Cannot read header: its table has no entry ${index}`);
    return entry;
  }

  #resize(bytes: number): void {
    if (bytes > MAX_TABLE_BYTES) {
      throw new RangeError(
        `Cannot read headers: table of ${bytes} bytes, at most ${MAX_TABLE_BYTES} are offered`,
      );
    }
    this.#maxTableBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxTableBytes) this.#tableBytes -= sizeOf(this.#table.pop()!);
  }
}

/** A change of the table's size to 0 (section 6.3). */
const NO_TABLE = 0x20;

interface Cursor {
  readonly block: Uint8Array;
  at: number;
}

function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + ENTRY_BYTES;
}

/** An integer whose first byte has `prefixBits` for it (section 5.1). */
function readInteger(cursor: Cursor, prefixBits: number): number {
  const max = 2 ** prefixBits - 1;
  const value = nextByte(cursor) & max;
  if (value < max) return value;
  let rest = 0;
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = nextByte(cursor);
    rest += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return max + rest;
  }
  throw new RangeError("Cannot read header: an integer is longer than 4 bytes");
}

function readText(cursor: Cursor): string {
  const isHuffman = (cursor.block[cursor.at] ?? 0) >= 0x80;
  const length = readInteger(cursor, 7);
  const bytes = cursor.block.subarray(cursor.at, cursor.at + length);
  if (bytes.length < length) throw new RangeError("Cannot read header: it ends in the middle of a text");
  cursor.at += length;
  return isHuffman ? decodeHuffman(bytes) : latin1(bytes);
}

function nextByte(cursor: Cursor): number {
  const byte = cursor.block[cursor.at++];
  if (byte === undefined) throw new RangeError("Cannot read header: it ends in the middle of an integer");
  return byte;
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * Literals that no table may keep, since values may be secrets (section 6.2.3), after the word that there is no table,
 * which a server that makes its own smaller waits for (section 4.2). Texts are of Latin-1.
 */
export function encodeHeaders(fields: readonly HeaderField[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [NO_TABLE];
  const writeText = (text: string) => {
    if (text.length < 0x7f) bytes.push(text.length);
    else {
      bytes.push(0x7f);
      let rest = text.length - 0x7f;
      for (; rest > 0x7f; rest >>>= 7) bytes.push(rest & 0x7f | 0x80);
      bytes.push(rest);
    }
    for (let at = 0; at < text.length; at++) bytes.push(text.charCodeAt(at));
  };
  for (const [name, value] of fields) {
    bytes.push(0x10);
    writeText(name);
    writeText(value);
  }
  return Uint8Array.from(bytes);
}
