/**
 * A decoder on trial: runs it as the host does, but looks at every answer and takes no word for it. Used by the gate's
 * checks, and by the maker to see what a new decoder makes of samples.
 */
import { KIND_SPAN_START, WIRE_FINGERPRINT_HIGH, WIRE_FINGERPRINT_LOW } from "../../bpf/wire.gen.ts";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import { ABI_VERSION } from "../../decoder-as/assembly/version.ts";
import { FUEL_EXPORT } from "../decoder/harden.ts";
import { FEED_FUEL } from "../decoder/host.ts";
import { GOLDEN_REALTIME_OFFSET_NS, type GoldenCounters } from "../decoder/golden.ts";
import { joinBytes } from "../support/bytes.ts";
import { describeError } from "../support/errors.ts";
import { GateRefusal } from "./refusal.ts";
import { kindOf, recordsOf } from "./records.ts";
import { readRows, type RowSpan } from "./span_reader.ts";

/** Less than the host gives, so that what passes here does not run dry there. */
const CALL_FUEL = FEED_FUEL / 4n;
/** Fuel for the whole trial: its length is bounded in work, not in time, so that a busy machine refuses nothing. */
const TRIAL_FUEL = FEED_FUEL;

type FunctionName = "abi" | "wireFingerprintLow" | "wireFingerprintHigh" | "feed" | "drop";

/** Words of the status region, by the names of the counters. */
const COUNTER_WORDS: Readonly<Record<keyof GoldenCounters, number>> = {
  starts: map.WORD_STARTS,
  ends: map.WORD_ENDS,
  spans: map.WORD_SPANS,
  inFlight: map.WORD_IN_FLIGHT,
  orphans: map.WORD_ORPHANS,
  malformed: map.WORD_MALFORMED,
  end_ring_full: map.WORD_LOST_END_RING_FULL,
  abandoned: map.WORD_LOST_ABANDONED,
  table_full: map.WORD_LOST_TABLE_FULL,
  process_exited: map.WORD_LOST_PROCESS_EXITED,
  bad_record: map.WORD_LOST_BAD_RECORD,
};

/** What came of one input. */
export interface TrialResult {
  /** Rows as they were written. */
  readonly output: Uint8Array;
  readonly spans: readonly RowSpan[];
}

/** One instance in a memory of its own. Every method throws GateRefusal when the decoder does what it may not. */
export class Trial {
  readonly #exports: WebAssembly.Exports;
  readonly #fuel: WebAssembly.Global;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #fuelLeft = TRIAL_FUEL;

  constructor(code: Uint8Array<ArrayBuffer>) {
    const memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_PAGES });
    try {
      this.#exports = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } }).exports;
    } catch (cause) {
      throw new GateRefusal("decoder-memory", `it cannot be instantiated: ${describeError(cause)}`, {
        cause,
      });
    }
    this.#fuel = this.#exports[FUEL_EXPORT] as WebAssembly.Global;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    if (
      this.#bytes.subarray(map.STATUS_OFFSET, map.STATUS_OFFSET + 8 * map.WORD_COUNT).some((byte) =>
        byte !== 0
      )
    ) {
      throw new GateRefusal("decoder-memory", "its data lies where the counters are");
    }
    this.#expect("abi", ABI_VERSION);
    this.#expect("wireFingerprintLow", WIRE_FINGERPRINT_LOW);
    this.#expect("wireFingerprintHigh", WIRE_FINGERPRINT_HIGH);
    this.#view.setBigInt64(wordAt(map.WORD_REALTIME_OFFSET_NS), GOLDEN_REALTIME_OFFSET_NS, true);
  }

  /** Gives whole records to the decoder, at most INPUT_BYTES, until it has taken all. */
  feed(records: Uint8Array): TrialResult {
    const outputs: Uint8Array[] = [];
    const spans: RowSpan[] = [];
    const before = this.counters();
    for (let taken = 0; taken < records.length;) {
      const left = records.length - taken;
      this.#bytes.set(records.subarray(taken), map.INPUT_OFFSET);
      const step = this.#call("feed", left);
      const fault = this.#word(map.WORD_FAULT);
      if (fault !== map.FAULT_NONE) {
        throw hostile(`it reports fault ${fault} for records in good order`);
      }
      const output = this.#output();
      outputs.push(output);
      try {
        spans.push(...readRows(output));
      } catch (cause) {
        throw new GateRefusal(
          "decoder-hostile-record",
          `it writes what is no span: ${describeError(cause)}`,
          { cause },
        );
      }
      if (step === 0 || step > left) throw hostile(`feed says that it took ${step} bytes of ${left}`);
      if (step < left && output.length <= map.OUTPUT_BYTES - map.OUTPUT_RESERVE_BYTES) {
        throw hostile(`feed stops after ${step} bytes of ${left}, and the output is not full`);
      }
      taken += step;
    }
    const counters = this.counters();
    const counted = counters.spans - before.spans;
    if (counted !== spans.length) throw hostile(`it counts ${counted} spans and writes ${spans.length}`);
    const starts = recordsOf(records).filter((record) => kindOf(record) === KIND_SPAN_START).length;
    if (counters.starts - before.starts !== starts) {
      throw hostile(`it counts ${counters.starts - before.starts} starts of ${starts}`);
    }
    return { output: joinBytes(outputs), spans };
  }

  /** Gives up the spans in flight of a process, or for 0 of all. */
  drop(pid: number): number {
    const before = this.counters();
    const dropped = this.#call("drop", pid);
    const { inFlight, process_exited } = this.counters();
    if (before.inFlight - inFlight !== dropped || process_exited - before.process_exited !== dropped) {
      throw hostile(`drop says ${dropped} spans, ${before.inFlight - inFlight} are gone`);
    }
    if (pid === 0 && inFlight !== 0) throw hostile(`drop of all leaves ${inFlight} spans in flight`);
    return dropped;
  }

  /** Totals; checks that every start is accounted for. */
  counters(): GoldenCounters {
    const counters: Record<string, number> = {};
    for (const [name, word] of Object.entries(COUNTER_WORDS)) counters[name] = this.#word(word);
    const totals = counters as GoldenCounters;
    const lost = totals.end_ring_full + totals.abandoned + totals.table_full + totals.process_exited +
      totals.bad_record;
    if (totals.starts !== totals.spans + lost + totals.inFlight) {
      throw hostile(
        `its counters do not add up: ${totals.starts} starts, ${totals.spans} spans, ${lost} lost, ` +
          `${totals.inFlight} in flight`,
      );
    }
    return totals;
  }

  /** Fuel burnt so far. */
  get fuel(): bigint {
    return TRIAL_FUEL - this.#fuelLeft;
  }

  #expect(name: FunctionName, wanted: number): void {
    const value = this.#call(name);
    if (value !== wanted) {
      throw new GateRefusal("decoder-exports", `${name}() is ${value}, must be ${wanted}`);
    }
  }

  #call(name: FunctionName, ...args: number[]): number {
    const call = this.#exports[name];
    if (typeof call !== "function") throw new GateRefusal("decoder-exports", `it does not export ${name}`);
    this.#fuel.value = CALL_FUEL;
    let result: unknown;
    try {
      result = call(...args);
    } catch (cause) {
      const isDry = this.#fuel.value < 0n;
      throw isDry
        ? new GateRefusal("decoder-too-slow", `${name} does not come to an end`, { cause })
        : new GateRefusal("decoder-trapped", `${name} traps: ${describeError(cause)}`, { cause });
    }
    if (typeof result !== "number" || !Number.isInteger(result)) {
      throw new GateRefusal("decoder-exports", `${name} yields ${typeof result}, must yield an i32`);
    }
    this.#fuelLeft -= CALL_FUEL - this.#fuel.value;
    if (this.#fuelLeft < 0n) {
      throw new GateRefusal("decoder-too-slow", "it works too long on the records of the gate");
    }
    return result >>> 0;
  }

  #output(): Uint8Array {
    const bytes = this.#word(map.WORD_OUTPUT_BYTES);
    if (bytes > map.OUTPUT_BYTES) {
      throw hostile(`its output has ${bytes} bytes, room is for ${map.OUTPUT_BYTES}`);
    }
    return this.#bytes.slice(map.OUTPUT_OFFSET, map.OUTPUT_OFFSET + bytes);
  }

  #word(index: number): number {
    return Number(this.#view.getBigUint64(wordAt(index), true));
  }
}

function wordAt(index: number): number {
  return map.STATUS_OFFSET + 8 * index;
}

function hostile(message: string): GateRefusal {
  return new GateRefusal("decoder-hostile-record", message);
}
