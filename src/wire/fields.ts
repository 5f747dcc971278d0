/** Bounds-checked access to one record, shared by the decoders of this folder. */
import {
  OFFSET_HEADER_CPU,
  OFFSET_HEADER_FLAGS,
  OFFSET_HEADER_KIND,
  OFFSET_HEADER_PID,
  OFFSET_HEADER_SIZE,
  OFFSET_HEADER_TIME_NS,
} from "../../bpf/wire.gen.ts";
import { WireError } from "./wire_error.ts";

const decoder = new TextDecoder();

/** Head of every record. */
export interface RecordHeader {
  readonly size: number;
  readonly kind: number;
  readonly flags: number;
  /** CLOCK_MONOTONIC. */
  readonly timeNs: bigint;
  readonly cpu: number;
  /** Thread group as the initial pid namespace sees it, 0 where none is meant. */
  readonly pid: number;
}

/** One record of a known kind, at least as long as its struct. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;

  /**
   * @param structSize SIZEOF_* of the struct; a longer record is from a newer loader or has text behind it.
   * @throws {WireError} when the record is shorter.
   */
  constructor(record: Uint8Array, name: string, structSize: number) {
    this.#bytes = record;
    this.#view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    this.#name = name;
    if (record.length < structSize) {
      throw new WireError(
        `Cannot read ${name}: record is ${record.length} bytes, must be at least ${structSize}`,
        {
          offset: 0,
          kind: record.length >= OFFSET_HEADER_KIND + 2 ? this.u16(OFFSET_HEADER_KIND) : 0,
        },
      );
    }
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  i64(offset: number): bigint {
    return this.#view.getBigInt64(offset, true);
  }

  /** A copy of `count` bytes. */
  bytes(offset: number, count: number): Uint8Array<ArrayBuffer> {
    if (offset + count > this.#bytes.length) {
      throw new WireError(
        `Cannot read ${this.#name}: ${count} bytes at ${offset} do not fit into ${this.#bytes.length}`,
        { offset, kind: this.u16(OFFSET_HEADER_KIND) },
      );
    }
    return this.#bytes.slice(offset, offset + count) as Uint8Array<ArrayBuffer>;
  }

  text(offset: number, count: number): string {
    return decoder.decode(this.bytes(offset, count));
  }

  header(): RecordHeader {
    return {
      size: this.u32(OFFSET_HEADER_SIZE),
      kind: this.u16(OFFSET_HEADER_KIND),
      flags: this.u16(OFFSET_HEADER_FLAGS),
      timeNs: this.u64(OFFSET_HEADER_TIME_NS),
      cpu: this.u32(OFFSET_HEADER_CPU),
      pid: this.u32(OFFSET_HEADER_PID),
    };
  }
}
