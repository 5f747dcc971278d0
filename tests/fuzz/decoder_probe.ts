/**
 * A decoder with nothing between it and the fuzzer: its memory is filled with marks before it runs, and after each
 * `feed` everything that can be said without knowing the records is checked. The contract is memory_map.ts.
 */
import assert from "node:assert/strict";
import { KIND_SPAN_END, KIND_SPAN_START, OFFSET_HEADER_KIND, SIZEOF_HEADER } from "../../bpf/wire.gen.ts";
import * as map from "../../decoder-as/assembly/memory_map.ts";
import { FUEL_EXPORT } from "../../src/decoder/harden.ts";
import { FEED_FUEL } from "../../src/decoder/host.ts";

/** Texts are put together and copies end in whole vectors: room that a decoder may use behind a region. */
const SLACK_BYTES = 64;
const SCRATCH_AREAS = 4;
const MARK = 0xa5;
/** Words at each end of a marked region that are looked at after every `feed`; the rest only sometimes. */
const EDGE_WORDS = 64;
const CHECKED_EVERY_BYTES = 32 * map.INPUT_BYTES;
const REGIONS: readonly (readonly [from: number, to: number])[] = [
  [0, map.STATUS_OFFSET],
  [map.STATUS_OFFSET + 8 * map.WORD_COUNT, map.STATIC_OFFSET],
  [map.SCRATCH_OFFSET + SCRATCH_AREAS * map.SCRATCH_BYTES + SLACK_BYTES, map.INPUT_OFFSET],
  [map.INPUT_OFFSET + map.INPUT_BYTES, map.PAIRING_OFFSET],
  [map.PAIRING_OFFSET + 8, map.INDEX_OFFSET],
  [map.INDEX_OFFSET + map.INDEX_ENTRIES * map.INDEX_ENTRY_BYTES, map.SLOT_OFFSET],
  [map.OUTPUT_OFFSET + map.OUTPUT_BYTES + SLACK_BYTES, map.MEMORY_PAGES * 65536],
];

const LOST_WORDS = [
  map.WORD_LOST_END_RING_FULL,
  map.WORD_LOST_ABANDONED,
  map.WORD_LOST_TABLE_FULL,
  map.WORD_LOST_PROCESS_EXITED,
  map.WORD_LOST_BAD_RECORD,
];

interface DecoderExports {
  feed(length: number): number;
  drop(pid: number): number;
}

/** An instance whose every step is checked. */
export class DecoderProbe {
  readonly name: string;
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #exports: DecoderExports;
  readonly #fuel: WebAssembly.Global;
  /** The memory below the input, as it has to stay but for status and scratch. */
  readonly #static: Uint32Array;
  #starts = 0;
  #ends = 0;
  #spans = 0;
  /** Bytes fed since all of the memory was looked at. */
  #unchecked = 0;
  /** The most that one call used. */
  fuelUsed = 0;

  constructor(name: string, module: WebAssembly.Module) {
    this.name = name;
    const memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_PAGES });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = exports as unknown as DecoderExports;
    this.#fuel = exports[FUEL_EXPORT] as WebAssembly.Global;
    this.memory = new Uint8Array(memory.buffer as ArrayBuffer);
    this.#words = new Uint32Array(memory.buffer as ArrayBuffer);
    this.#view = new DataView(memory.buffer);
    for (const [from, to] of REGIONS) {
      assert.ok(
        this.memory.subarray(from, to).every((byte) => byte === 0),
        `${name} has data at ${from} to ${to}`,
      );
      this.memory.fill(MARK, from, to);
    }
    this.#static = this.#words.slice(map.STATIC_OFFSET >> 2, map.SCRATCH_OFFSET >> 2);
  }

  /** As if it had just been made. */
  reset(realtimeOffsetNs = 0n): void {
    this.memory.fill(0, map.STATUS_OFFSET, map.STATUS_OFFSET + 8 * map.WORD_COUNT);
    this.memory.fill(0, map.PAIRING_OFFSET, map.PAIRING_OFFSET + 8);
    this.memory.fill(0, map.INDEX_OFFSET, map.INDEX_OFFSET + map.INDEX_ENTRIES * map.INDEX_ENTRY_BYTES);
    this.#view.setBigInt64(wordAt(map.WORD_REALTIME_OFFSET_NS), realtimeOffsetNs, true);
    this.#starts = this.#ends = this.#spans = 0;
  }

  /** What the memory behind the records, the slots and the output holds where no one has written yet. */
  poison(byte: number): void {
    this.memory.fill(byte, map.SCRATCH_OFFSET, map.SCRATCH_OFFSET + SCRATCH_AREAS * map.SCRATCH_BYTES);
    this.memory.fill(byte, map.INPUT_OFFSET, map.INPUT_OFFSET + map.INPUT_BYTES);
    this.memory.fill(byte, map.SLOT_OFFSET, map.SLOT_OFFSET + 1024 * map.SLOT_BYTES);
    this.memory.fill(byte, map.OUTPUT_OFFSET, map.OUTPUT_OFFSET + map.INPUT_BYTES);
  }

  word(index: number): number {
    const at = wordAt(index) >> 2;
    return this.#words[at]! + this.#words[at + 1]! * 0x1_0000_0000;
  }

  get counters(): readonly number[] {
    return Array.from(
      { length: map.WORD_FAULT - map.WORD_STARTS },
      (_, index) => this.word(map.WORD_STARTS + index),
    );
  }

  /** Rows of the last `feed`, whole: pid, length and the field. */
  rows(): Uint8Array[] {
    const rows: Uint8Array[] = [];
    const end = map.OUTPUT_OFFSET + this.word(map.WORD_OUTPUT_BYTES);
    for (let at = map.OUTPUT_OFFSET; at < end;) {
      const behind = at + 8 + this.#view.getUint32(at + 4, true);
      rows.push(this.memory.subarray(at, behind));
      at = behind;
    }
    return rows;
  }

  /**
   * Puts records into the input and decodes all of them.
   *
   * @param onRows called after every `feed` that left something.
   * @throws {Error} when the decoder traps or breaks its contract.
   */
  decode(batch: Uint8Array, length: number, onRows?: () => void): void {
    let from = 0;
    while (from < length) {
      this.memory.set(batch.subarray(from, length), map.INPUT_OFFSET);
      const taken = this.#feed(length - from);
      this.#unchecked += taken;
      if (this.#unchecked > CHECKED_EVERY_BYTES) {
        this.#unchecked = 0;
        const input = this.memory.subarray(map.INPUT_OFFSET, map.INPUT_OFFSET + length - from);
        assert.equal(firstDifference(input, batch.subarray(from, length)), -1, "input was written to");
        this.#checkRegions(Infinity);
      }
      onRows?.();
      if (this.word(map.WORD_FAULT) !== map.FAULT_NONE) {
        this.memory.fill(0, wordAt(map.WORD_FAULT), wordAt(map.WORD_FAULT_AT) + 8);
        return;
      }
      assert.ok(taken > 0, "feed took nothing of its input");
      from += taken;
    }
  }

  /** Gives a process up. */
  drop(pid: number): void {
    const before = this.word(map.WORD_IN_FLIGHT);
    this.#refuel();
    const dropped = this.#exports.drop(pid) >>> 0;
    this.#spent();
    assert.equal(this.word(map.WORD_IN_FLIGHT), before - dropped, "drop: spans in flight");
    assert.ok(pid !== 0 || dropped === before, "drop: all spans in flight are given up");
    this.#checkCounters();
  }

  #feed(length: number): number {
    this.#refuel();
    const taken = this.#exports.feed(length) >>> 0;
    this.#spent();
    this.#checkTaken(length, taken);
    this.#checkRows();
    this.#checkCounters();
    this.#checkRegions(EDGE_WORDS);
    return taken;
  }

  /** As much as the host gives: a call that runs dry traps. */
  #refuel(): void {
    this.#fuel.value = FEED_FUEL;
  }

  #spent(): void {
    this.fuelUsed = Math.max(this.fuelUsed, Number(FEED_FUEL - (this.#fuel.value as bigint)));
  }

  /** Walks the records as the wire defines them and counts what was taken. */
  #checkTaken(length: number, taken: number): void {
    let at = map.INPUT_OFFSET;
    const end = at + length;
    let expectedFault: number = map.FAULT_NONE;
    while (at < end && at < map.INPUT_OFFSET + taken) {
      const size = this.#words[at >> 2]!;
      if (end - at < SIZEOF_HEADER) expectedFault = map.FAULT_TRAILING_BYTES;
      else if (size < SIZEOF_HEADER || size > end - at || (size & 7) !== 0) {
        expectedFault = map.FAULT_RECORD_SIZE;
      }
      if (expectedFault !== map.FAULT_NONE) break;
      const kind = this.memory[at + OFFSET_HEADER_KIND]! | this.memory[at + OFFSET_HEADER_KIND + 1]! << 8;
      if (kind === KIND_SPAN_START) this.#starts++;
      if (kind === KIND_SPAN_END) this.#ends++;
      at += size;
    }
    assert.equal(this.word(map.WORD_FAULT), expectedFault, "fault");
    if (expectedFault !== map.FAULT_NONE) {
      assert.equal(this.word(map.WORD_FAULT_AT), at - map.INPUT_OFFSET, "place of the fault");
      assert.equal(taken, length, "bytes taken at a fault");
      return;
    }
    assert.equal(taken, at - map.INPUT_OFFSET, "feed stopped inside a record");
    if (taken === length) return;
    const kind = this.memory[at + OFFSET_HEADER_KIND]! | this.memory[at + OFFSET_HEADER_KIND + 1]! << 8;
    assert.equal(kind, KIND_SPAN_END, "feed stopped before a record that needs no output");
    assert.ok(
      this.word(map.WORD_OUTPUT_BYTES) > map.OUTPUT_BYTES - map.OUTPUT_RESERVE_BYTES,
      "feed stopped although there is room for output",
    );
  }

  /** Every row is inside the region and is one field that holds a span with both ids first. */
  #checkRows(): void {
    const bytes = this.word(map.WORD_OUTPUT_BYTES);
    assert.ok(bytes <= map.OUTPUT_BYTES, `output of ${bytes} bytes`);
    const { memory } = this;
    const end = map.OUTPUT_OFFSET + bytes;
    let at = map.OUTPUT_OFFSET;
    let rows = 0;
    while (at < end) {
      if (end - at < 8) throw new Error(`a row head at ${at} ends beyond the output`);
      const length = this.#view.getUint32(at + 4, true);
      const field = at + 8;
      let content = field + 1;
      let told = 0;
      for (let shift = 0;; shift += 7) {
        const byte = memory[content++]!;
        told |= (byte & 0x7f) << shift;
        if (byte < 0x80 || shift > 21) break;
      }
      if (
        length > end - field || memory[field] !== 0x12 || content + told !== field + length ||
        memory[content] !== 0x0a || memory[content + 1] !== 16 || memory[content + 18] !== 0x12 ||
        memory[content + 19] !== 8
      ) {
        throw new Error(
          `row ${rows} at output ${at - map.OUTPUT_OFFSET} holds no span: ${
            memory.slice(at, at + 48).toHex()
          }`,
        );
      }
      at = field + length;
      rows++;
    }
    assert.equal(at, end, "rows end where the output does");
    this.#spans += rows;
  }

  #checkCounters(): void {
    const inFlight = this.word(map.WORD_IN_FLIGHT);
    const lost = LOST_WORDS.reduce((sum, index) => sum + this.word(index), 0);
    const starts = this.word(map.WORD_STARTS);
    const ends = this.word(map.WORD_ENDS);
    const spans = this.word(map.WORD_SPANS);
    if (
      starts !== this.#starts || ends !== this.#ends || spans !== this.#spans ||
      starts !== spans + lost + inFlight ||
      inFlight > map.SLOT_COUNT
    ) {
      throw new Error(
        `counters: fed ${this.#starts} starts and ${this.#ends} ends, got ${this.#spans} rows; the decoder tells ` +
          `${starts} starts, ${ends} ends, ${spans} spans, ${lost} lost, ${inFlight} in flight`,
      );
    }
  }

  /** Nothing wrote where nothing may be written. */
  #checkRegions(edge: number): void {
    const words = this.#words;
    const mark = MARK * 0x01010101 >>> 0;
    for (const [from, to] of REGIONS) {
      const first = from >> 2;
      const last = to >> 2;
      const near = Math.min(edge, last - first);
      for (let index = 0; index < near; index++) {
        if (words[first + index] !== mark) throw new Error(`memory at ${from + 4 * index} was written to`);
      }
      for (let index = last - near; index < last; index++) {
        if (words[index] !== mark) throw new Error(`memory at ${4 * index} was written to`);
      }
    }
    if (edge < Infinity) return;
    const changed = firstDifference(
      words.subarray(map.STATIC_OFFSET >> 2, map.SCRATCH_OFFSET >> 2),
      this.#static,
    );
    assert.equal(changed, -1, "static data was written to");
  }
}

function wordAt(index: number): number {
  return map.STATUS_OFFSET + 8 * index;
}

/** Where two arrays differ first, or -1. */
function firstDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return index;
  return -1;
}
