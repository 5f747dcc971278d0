/**
 * Load-time pointers of position-independent executables. Go's own linker also stores the linked value in
 * place; the system's linker leaves zeroes, and the value is only the addend of an R_X86_64_RELATIVE entry.
 * Used by build_info.ts and text_base.ts.
 */
import type { Bytes } from "./bytes.ts";
import { type Elf, ET_DYN, PT_DYNAMIC, readAddress } from "./elf.ts";
import type { ExeReader } from "./source.ts";

const DT_NULL = 0;
const DT_RELA = 7;
const DT_RELASZ = 8;
const RELA_BYTES = 24;
const R_X86_64_RELATIVE = 8;
const MAX_DYNAMIC_BYTES = 65_536;
/** Two million entries; the largest known position-independent Go programs have half of that. */
const MAX_TABLE_BYTES = 48 * 1024 * 1024;

/** The relative relocations of an executable, read when first asked for. */
export class Relocations {
  readonly #elf: Elf;
  readonly #reader: ExeReader;
  #table: Promise<Bytes | null> | undefined;

  constructor(elf: Elf, reader: ExeReader) {
    this.#elf = elf;
    this.#reader = reader;
  }

  /** The pointer at `address`: `stored` (what the file holds there), or its relocation when that is zero. */
  async pointer(address: number, stored: number): Promise<number> {
    if (stored !== 0 || this.#elf.type !== ET_DYN) {
      return stored;
    }
    return (await this.#find((place) => place === address))[0]?.value ?? 0;
  }

  /** Addresses that will hold a pointer to `value`, at most `limit`. */
  async pointersTo(value: number, limit: number): Promise<number[]> {
    const found = await this.#find((_, addend) => addend === value, limit);
    return found.map(({ place }) => place);
  }

  async #find(
    wanted: (place: number, addend: number) => boolean,
    limit = 1,
  ): Promise<{ place: number; value: number }[]> {
    this.#table ??= this.#read();
    const table = await this.#table;
    const found: { place: number; value: number }[] = [];
    for (
      let at = 0;
      table !== null && at + RELA_BYTES <= table.length && found.length < limit;
      at += RELA_BYTES
    ) {
      const place = table.word(at);
      const value = table.word(at + 16);
      if (
        table.u32(at + 8) === R_X86_64_RELATIVE && place !== null && value !== null && wanted(place, value)
      ) {
        found.push({ place, value });
      }
    }
    return found;
  }

  async #read(): Promise<Bytes | null> {
    const dynamic = this.#elf.segments.find((segment) => segment.type === PT_DYNAMIC);
    if (dynamic === undefined) {
      return null;
    }
    const length = Math.min(dynamic.fileSize, MAX_DYNAMIC_BYTES);
    const entries = await this.#reader.read(dynamic.offset, length, "dynamic section");
    const values = new Map<number, number>();
    for (let at = 0; at + 16 <= entries.length; at += 16) {
      const tag = entries.word(at);
      if (tag === DT_NULL) {
        break;
      }
      const value = entries.word(at + 8);
      if (tag !== null && value !== null) {
        values.set(tag, value);
      }
    }
    const address = values.get(DT_RELA);
    const size = values.get(DT_RELASZ);
    if (address === undefined || size === undefined || size > MAX_TABLE_BYTES) {
      return null;
    }
    return await readAddress(this.#elf, this.#reader, { address, length: size, name: "relocation table" });
  }
}
