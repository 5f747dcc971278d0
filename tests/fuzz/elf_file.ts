/**
 * ELF files of a few sections made by hand: debug information alone, in each form in which sections are stored, so
 * that mutations hit it and not its compression.
 */

/** A section as it goes into the file. */
export interface ElfSection {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly compression?: SectionCompression;
}

/** Plain, SHF_COMPRESSED with zlib, or the old GNU form. */
export type SectionCompression = "none" | "zlib" | "gnu";

const SHF_COMPRESSED = 0x800;

/** zlib data, "deflate" in the words of the platform. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream("deflate"),
  );
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An executable of one segment that is the whole file, and the sections. */
export async function elfOf(sections: readonly ElfSection[]): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const stored: { name: string; flags: number; bytes: Uint8Array }[] = [];
  for (const { name, bytes, compression = "none" } of sections) {
    const head = new Uint8Array(compression === "zlib" ? 24 : compression === "gnu" ? 12 : 0);
    const view = new DataView(head.buffer);
    if (compression === "zlib") {
      view.setUint32(0, 1, true);
      view.setBigUint64(8, BigInt(bytes.length), true);
      view.setBigUint64(16, 1n, true);
    } else if (compression === "gnu") {
      head.set(encoder.encode("ZLIB"));
      view.setBigUint64(4, BigInt(bytes.length));
    }
    const content = compression === "none" ? bytes : await deflate(bytes);
    const whole = new Uint8Array(head.length + content.length);
    whole.set(head);
    whole.set(content, head.length);
    stored.push({
      name: compression === "gnu" ? name.replace(".debug_", ".zdebug_") : name,
      flags: compression === "zlib" ? SHF_COMPRESSED : 0,
      bytes: whole,
    });
  }
  const names = encoder.encode(`\0${stored.map(({ name }) => `${name}\0`).join("")}.shstrtab\0`);
  stored.push({ name: ".shstrtab", flags: 0, bytes: names });

  const tableAt = 64 + 56;
  let at = tableAt + 64 * stored.length;
  const data = new Uint8Array(at + stored.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const view = new DataView(data.buffer);
  const u64 = (place: number, value: number) => view.setBigUint64(place, BigInt(value), true);
  data.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, 62, true); // x86-64
  u64(32, 64); // e_phoff
  u64(40, tableAt); // e_shoff
  for (
    const [field, value] of [[54, 56], [56, 1], [58, 64], [60, stored.length], [
      62,
      stored.length - 1,
    ]] as const
  ) {
    view.setUint16(field, value, true);
  }
  view.setUint32(64, 1, true); // PT_LOAD
  u64(96, data.length);
  let nameAt = 1;
  for (const [index, { name, flags, bytes }] of stored.entries()) {
    const header = tableAt + 64 * index;
    view.setUint32(header, nameAt, true);
    view.setUint32(header + 4, 1, true); // SHT_PROGBITS
    u64(header + 8, flags);
    u64(header + 24, at);
    u64(header + 32, bytes.length);
    data.set(bytes, at);
    at += bytes.length;
    nameAt += name.length + 1;
  }
  return data;
}
