/**
 * One instantiated decoder and the memory it works in. Used by the Worker, one instance for each slot, and by tests
 * and benchmarks directly.
 */
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import type { DecoderPack } from "./manifest.ts";
import type { SpanBatch } from "./span_batch.ts";

/** Why spans whose start a decoder has seen will never be exported. */
export type LostReason = "endRingFull" | "abandoned" | "tableFull" | "processExited" | "badRecord";

/** Totals of one decoder. starts = spans + all of lost + inFlight. */
export interface DecoderCounters {
  readonly starts: number;
  readonly ends: number;
  readonly spans: number;
  readonly inFlight: number;
  /** Ends of spans that are not in flight. */
  readonly orphans: number;
  /** Records too short to say which span they mean. */
  readonly malformed: number;
  readonly lost: Readonly<Record<LostReason, number>>;
}

const ROW_HEAD_BYTES = 8;

interface DecoderExports {
  abi(): number;
  wireFingerprintLow(): number;
  wireFingerprintHigh(): number;
  feed(length: number): number;
  drop(pid: number): number;
  inFlight(): number;
}

/** Spans of one process while a batch is put together. */
interface Gathering {
  count: number;
  bytes: number;
  rows: number[];
}

/** Decodes records into spans. Keeps spans in flight in a memory of fixed size, most of it untouched. */
export class DecoderInstance {
  readonly name: string;
  readonly #exports: DecoderExports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #filled = 0;

  /**
   * Compiles and instantiates at once; the modules are small.
   *
   * @throws {Error} when the module is not what its manifest says.
   */
  constructor(pack: DecoderPack) {
    const { name } = pack.manifest;
    this.name = name;
    const memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_PAGES });
    let instance: WebAssembly.Instance;
    try {
      instance = new WebAssembly.Instance(new WebAssembly.Module(pack.bytes), { env: { memory } });
    } catch (cause) {
      throw new Error(`Cannot start decoder ${name}`, { cause });
    }
    this.#exports = instance.exports as unknown as DecoderExports;
    for (
      const needed of [
        "abi",
        "wireFingerprintLow",
        "wireFingerprintHigh",
        "feed",
        "drop",
        "inFlight",
      ] as const
    ) {
      if (typeof this.#exports[needed] !== "function") {
        throw new Error(`Cannot start decoder ${name}: it does not export ${needed}`);
      }
    }
    const abi = this.#exports.abi();
    if (abi !== ABI_VERSION) {
      throw new Error(`Cannot start decoder ${name}: its ABI is ${abi}, must be ${ABI_VERSION}`);
    }
    if (
      this.#exports.wireFingerprintLow() >>> 0 !== WIRE_FINGERPRINT_LOW ||
      this.#exports.wireFingerprintHigh() >>> 0 !== WIRE_FINGERPRINT_HIGH
    ) {
      throw new Error(`Cannot start decoder ${name}: it was built for another wire format`);
    }
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Nanoseconds to add to a record's time for nanoseconds since 1970; holds for spans that end from now on. */
  setRealtimeOffset(offsetNs: bigint): void {
    this.#view.setBigInt64(wordAt(map.WORD_REALTIME_OFFSET_NS), offsetNs, true);
  }

  /** Puts a whole record into the input; false when there is no room until `decode`. */
  add(record: Uint8Array): boolean {
    if (this.#filled + record.length > map.INPUT_BYTES) return false;
    this.#bytes.set(record, map.INPUT_OFFSET + this.#filled);
    this.#filled += record.length;
    return true;
  }

  /**
   * Decodes what `add` took; appends the spans to `batches`, one batch for each process and run.
   *
   * @throws {Error} when the decoder finds the input in disorder, which only a fault of the host can bring about.
   */
  decode(batches: SpanBatch[]): void {
    while (this.#filled > 0) {
      const taken = this.#exports.feed(this.#filled) >>> 0;
      this.#gather(batches);
      const fault = this.#word(map.WORD_FAULT);
      if (fault !== map.FAULT_NONE) {
        this.#filled = 0;
        throw new Error(
          `Cannot decode with ${this.name}: fault ${fault} at ${this.#word(map.WORD_FAULT_AT)}`,
        );
      }
      this.#bytes.copyWithin(map.INPUT_OFFSET, map.INPUT_OFFSET + taken, map.INPUT_OFFSET + this.#filled);
      this.#filled -= taken;
    }
  }

  /** Gives up the spans in flight of a process that exited, or of all; yields how many there were. */
  drop(pid: number | "all"): number {
    return this.#exports.drop(pid === "all" ? 0 : pid) >>> 0;
  }

  counters(): DecoderCounters {
    return {
      starts: this.#word(map.WORD_STARTS),
      ends: this.#word(map.WORD_ENDS),
      spans: this.#word(map.WORD_SPANS),
      inFlight: this.#exports.inFlight() >>> 0,
      orphans: this.#word(map.WORD_ORPHANS),
      malformed: this.#word(map.WORD_MALFORMED),
      lost: {
        endRingFull: this.#word(map.WORD_LOST_END_RING_FULL),
        abandoned: this.#word(map.WORD_LOST_ABANDONED),
        tableFull: this.#word(map.WORD_LOST_TABLE_FULL),
        processExited: this.#word(map.WORD_LOST_PROCESS_EXITED),
        badRecord: this.#word(map.WORD_LOST_BAD_RECORD),
      },
    };
  }

  /** Copies the output rows, grouped by process. */
  #gather(batches: SpanBatch[]): void {
    const end = map.OUTPUT_OFFSET + this.#word(map.WORD_OUTPUT_BYTES);
    const byPid = new Map<number, Gathering>();
    let at = map.OUTPUT_OFFSET;
    while (at < end) {
      const pid = this.#view.getUint32(at, true);
      const bytes = this.#view.getUint32(at + 4, true);
      const gathering = byPid.get(pid) ?? { count: 0, bytes: 0, rows: [] };
      byPid.set(pid, gathering);
      gathering.count++;
      gathering.bytes += bytes;
      gathering.rows.push(at + ROW_HEAD_BYTES, bytes);
      at += ROW_HEAD_BYTES + bytes;
    }
    for (const [pid, { count, bytes, rows }] of byPid) {
      const copy = new Uint8Array(bytes);
      let filled = 0;
      for (let index = 0; index < rows.length; index += 2) {
        const from = rows[index]!;
        const length = rows[index + 1]!;
        copy.set(this.#bytes.subarray(from, from + length), filled);
        filled += length;
      }
      batches.push({ pid, count, bytes: copy });
    }
  }

  #word(index: number): number {
    return Number(this.#view.getBigUint64(wordAt(index), true));
  }
}

function wordAt(index: number): number {
  return map.STATUS_OFFSET + 8 * index;
}
