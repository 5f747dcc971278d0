/**
 * One instantiated decoder and the memory it works in. Used by the Worker, one instance for each slot, by the gate,
 * and by tests and benchmarks directly. Believes nothing that the decoder says without checking it.
 */
import { KIND_SPAN_START, OFFSET_HEADER_KIND } from "../../bpf/wire.gen.ts";
import { WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { describeError } from "../support/errors.ts";
import { type DecoderCounters, lostInAll, readCounters, readWord } from "./decoder_counters.ts";
import { DecoderFault } from "./decoder_fault.ts";
import { FUEL_EXPORT } from "./harden.ts";
import type { Measuring } from "./measuring.ts";
import { copyRows, countRows, findRows } from "./output_rows.ts";
import type { SpanBatch } from "./span_batch.ts";

export type { DecoderCounters, LostReason } from "./decoder_counters.ts";
export { DecoderFault, type DecoderFaultCode } from "./decoder_fault.ts";

/** A hardened module, compiled or not. */
export interface DecoderCode {
  readonly name: string;
  readonly code: Uint8Array<ArrayBuffer> | WebAssembly.Module;
}

/** Fuel for any call; see fuel.ts for what costs how much. */
export const FEED_FUEL = 2_000_000_000n;

/** Fuel for each byte of input besides, so that a decoder that loops over a small input is stopped at once. */
const FUEL_PER_INPUT_BYTE = 160_000;

/**
 * What the decoding of `bytes` bytes may use. tests/decoder/fuel_test.ts holds the costliest inputs that net/http can
 * bring about to a twentieth of it.
 */
export function fuelFor(bytes: number): number {
  return Number(FEED_FUEL) + FUEL_PER_INPUT_BYTE * bytes;
}

/** An input is done in far fewer feeds: each but the last fills the output. */
const MAX_FEEDS = 64;

interface DecoderExports {
  abi(): number;
  wireFingerprintLow(): number;
  wireFingerprintHigh(): number;
  feed(length: number): number;
  drop(pid: number): number;
}

const EXPORTS = ["abi", "wireFingerprintLow", "wireFingerprintHigh", "feed", "drop"] as const;

/**
 * Decodes records into spans. Keeps spans in flight in a memory of fixed size, most of it untouched. After a
 * DecoderFault only `counters` and `unfinished` may be asked.
 */
export class DecoderInstance {
  readonly name: string;
  readonly #exports: DecoderExports;
  readonly #fuel: WebAssembly.Global<"i64">;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #filled = 0;
  /** What the last call was given. */
  #fuelGiven = 0;
  /** Start records that `add` took. */
  #starts = 0;
  #counters: DecoderCounters;

  /**
   * Compiles if need be and instantiates at once; the modules are small.
   *
   * @throws {Error} when it is no hardened decoder of this ABI and wire.
   */
  constructor({ name, code }: DecoderCode) {
    this.name = name;
    const memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_PAGES });
    let instance: WebAssembly.Instance;
    try {
      const module = code instanceof WebAssembly.Module ? code : new WebAssembly.Module(code);
      instance = new WebAssembly.Instance(module, { env: { memory } });
    } catch (cause) {
      throw new Error(`Cannot start decoder ${name}`, { cause });
    }
    const fuel = instance.exports[FUEL_EXPORT];
    if (!(fuel instanceof WebAssembly.Global)) {
      throw new Error(`Cannot start decoder ${name}: it is not hardened`);
    }
    this.#fuel = fuel as WebAssembly.Global<"i64">;
    this.#exports = instance.exports as unknown as DecoderExports;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.#checkExports();
    this.#counters = readCounters(this.#view);
    if (this.#counters.starts !== 0) throw new Error(`Cannot start decoder ${name}: its memory is in use`);
  }

  /** Nanoseconds to add to a record's time for nanoseconds since 1970; holds for spans that end from now on. */
  setRealtimeOffset(offsetNs: bigint): void {
    this.#view.setBigInt64(map.STATUS_OFFSET + 8 * map.WORD_REALTIME_OFFSET_NS, offsetNs, true);
  }

  /** Puts a whole record into the input; false when there is no room until `decode`. */
  add(record: Uint8Array): boolean {
    if (this.#filled + record.length > map.INPUT_BYTES) return false;
    this.#bytes.set(record, map.INPUT_OFFSET + this.#filled);
    this.#filled += record.length;
    if (record[OFFSET_HEADER_KIND] === KIND_SPAN_START && record[OFFSET_HEADER_KIND + 1] === 0) {
      this.#starts++;
    }
    return true;
  }

  /**
   * Decodes what `add` took; appends the spans to `batches`, one batch for each process and run. With `measuring` these
   * are the spans that stay.
   *
   * @throws {DecoderFault} when the decoder traps, runs out of fuel, or says what cannot be; of the input that it was
   * decoding then, nothing is appended.
   */
  decode(batches: SpanBatch[], measuring: Measuring | null = null): void {
    if (this.#filled === 0) return;
    this.#refuel(this.#filled);
    for (let feeds = 1; this.#filled > 0; feeds++) {
      const filled = this.#filled;
      const taken = this.#run(() => this.#exports.feed(filled));
      const outputBytes = readWord(this.#view, map.WORD_OUTPUT_BYTES);
      this.#checkTaken(taken, outputBytes, feeds);
      if (outputBytes > map.OUTPUT_BYTES) {
        throw this.#framing(`has ${outputBytes} bytes of output, there is room for ${map.OUTPUT_BYTES}`);
      }
      const rows = findRows(this.#bytes, map.OUTPUT_OFFSET, outputBytes);
      this.#filled -= taken;
      this.#settle(countRows(rows));
      const spans = measuring
        ? measuring.take(this.#bytes, map.OUTPUT_OFFSET, outputBytes)
        : copyRows(this.#bytes, rows);
      for (const batch of spans) batches.push(batch);
      if (this.#filled > 0) {
        this.#bytes.copyWithin(map.INPUT_OFFSET, map.INPUT_OFFSET + taken, map.INPUT_OFFSET + filled);
      }
    }
  }

  /**
   * Gives up the spans in flight of a process that exited, or of all; yields how many there were.
   *
   * @throws {DecoderFault} as `decode` does.
   */
  drop(pid: number | "all"): number {
    if (this.#counters.inFlight === 0) return 0;
    this.#refuel(0);
    const before = this.#counters.inFlight;
    this.#run(() => this.#exports.drop(pid === "all" ? 0 : pid));
    this.#settle(0);
    return before - this.#counters.inFlight;
  }

  /** What has been decoded; after a fault, what had been before the input that brought it about. */
  counters(): DecoderCounters {
    return this.#counters;
  }

  /** Fuel that the last call used. */
  get fuelUsed(): number {
    return this.#fuelGiven - Number(this.#fuel.value);
  }

  /** Spans whose start `add` took and of which nothing has come yet: they are lost when the instance goes. */
  get unfinished(): number {
    return this.#starts - this.#counters.spans - lostInAll(this.#counters);
  }

  #checkExports(): void {
    const refuse = (problem: string) => new Error(`Cannot start decoder ${this.name}: ${problem}`);
    for (const needed of EXPORTS) {
      if (typeof this.#exports[needed] !== "function") throw refuse(`it does not export ${needed}`);
    }
    this.#refuel(0);
    const abi = this.#run(() => this.#exports.abi());
    if (abi !== ABI_VERSION) throw refuse(`its ABI is ${abi}, must be ${ABI_VERSION}`);
    if (
      this.#run(() => this.#exports.wireFingerprintLow()) !== WIRE_FINGERPRINT_LOW ||
      this.#run(() => this.#exports.wireFingerprintHigh()) !== WIRE_FINGERPRINT_HIGH
    ) {
      throw refuse("it was built for another wire format");
    }
  }

  #refuel(inputBytes: number): void {
    this.#fuelGiven = fuelFor(inputBytes);
    this.#fuel.value = BigInt(this.#fuelGiven);
  }

  #run(call: () => number): number {
    try {
      return call() >>> 0;
    } catch (cause) {
      if (this.#fuel.value < 0n) {
        throw new DecoderFault("decoder-too-slow", `Decoder ${this.name} ran out of fuel`, { cause });
      }
      throw new DecoderFault("decoder-trapped", `Decoder ${this.name} trapped: ${describeError(cause)}`, {
        cause,
      });
    }
  }

  #checkTaken(taken: number, outputBytes: number, feeds: number): void {
    const fault = readWord(this.#view, map.WORD_FAULT);
    if (fault !== map.FAULT_NONE) {
      const at = readWord(this.#view, map.WORD_FAULT_AT);
      throw this.#framing(`told fault ${fault} at byte ${at} of its input`);
    }
    if (taken === 0 || taken > this.#filled || taken % 8 !== 0) {
      throw this.#framing(`took ${taken} of ${this.#filled} bytes`);
    }
    const isFull = outputBytes > map.OUTPUT_BYTES - map.OUTPUT_RESERVE_BYTES;
    if (taken < this.#filled && (!isFull || feeds === MAX_FEEDS)) {
      throw this.#framing(`stopped after ${taken} of ${this.#filled} bytes`);
    }
  }

  /** Takes the decoder's counters over, if they add up with what went in and came out. */
  #settle(rows: number): void {
    const counters = readCounters(this.#view);
    const inAll = counters.spans + lostInAll(counters) + counters.inFlight;
    if (
      counters.spans !== this.#counters.spans + rows || counters.starts !== inAll ||
      counters.starts > this.#starts || (this.#filled === 0 && counters.starts !== this.#starts)
    ) {
      throw this.#framing(
        `counts ${counters.starts} starts of ${this.#starts}, ${counters.spans} spans, ${inAll} in all`,
      );
    }
    this.#counters = counters;
  }

  #framing(problem: string): DecoderFault {
    return new DecoderFault("decoder-framing", `Decoder ${this.name} ${problem}`);
  }
}
