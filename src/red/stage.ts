/**
 * The RED stage and the memory it works in: takes rows of finished spans, hands on those that stay, and keeps what it
 * measured. Used by the Worker behind the decoders, and by tests and benchmarks directly.
 */
import * as map from "../../decoder-as/red/memory_map.ts";
import { ProcessTable } from "./processes.ts";
import { compileRules, type RuleTables } from "./rule_tables.ts";
import { writeModel } from "./model.ts";
import { seedStage } from "./seed.ts";
import { type RedChanges, SlotReader } from "./snapshot.ts";
import { laySeries, layTables, seriesCapacity } from "./tables.ts";
import type { ProcessRules, RedCounters, RedRules, RedSnapshot } from "./types.ts";

export interface RedStageOptions {
  /** build/red.wasm */
  readonly module: WebAssembly.Module;
  readonly rules: RedRules;
  /** What stages before this one measured, so that its series and routes count against the same budgets. */
  readonly previous?: RedSnapshot;
  /** Milliseconds since 1970, and those of a clock that only goes forward. */
  readonly now?: () => number;
  readonly elapsed?: () => number;
}

/** What the module exports; decoder-as/red/abi.ts says what each does. */
export interface RedExports {
  run(bytes: number): number;
  settle(all: number): void;
  forget(resource: number): void;
  restartSeries(metrics: number): void;
  restartEdges(): void;
  resize(table: number): void;
  seedSeries(bytes: number): void;
  seedEdge(bytes: number): void;
  seedLatency(bytes: number): void;
  learn(resource: number, bytes: number): void;
}

/**
 * Takes spans where `run` left them in memory: process id, offset and length of a ScopeSpans.spans field, one row
 * behind the other. Nothing may be kept of either.
 */
export type RowSink = (memory: Uint8Array, rows: Uint32Array) => void;

const ROW_NUMBERS = 3;

const NS_PER_MS = 1_000_000;
const PAGE_BYTES = 65_536;

export class RedStage {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: RedExports;
  readonly #processes: ProcessTable;
  readonly #now: () => number;
  readonly #elapsed: () => number;
  #rules: RedRules;
  #tables: RuleTables;
  #bytes!: Uint8Array;
  #view!: DataView;
  #reader!: SlotReader;
  #epoch = 1;
  /** Changes and spans that the last `changes` told of; -1 where it has to tell everything. */
  #told = -1;

  /**
   * @throws {Error} when the module is none of a RED stage, or rules cannot be used.
   */
  constructor({ module, rules, previous, now, elapsed }: RedStageOptions) {
    this.#now = now ?? Date.now;
    this.#elapsed = elapsed ?? (() => performance.now());
    this.#tables = compileRules(rules);
    this.#rules = rules;
    this.#memory = new WebAssembly.Memory({ initial: map.MEMORY_PAGES, maximum: map.MEMORY_MAX_PAGES });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = exports as unknown as RedExports;
    this.#viewMemory();
    layTables(this.#view);
    writeModel(this.#view);
    this.#processes = new ProcessTable(() => this.#view);
    this.#view.setBigUint64(wordAt(map.WORD_SEED), crypto.getRandomValues(new BigUint64Array(1))[0]!, true);
    this.#setWord(map.WORD_EPOCH, this.#epoch);
    this.#tick();
    this.#grow(rules);
    this.#putRules(rules);
    if (previous) {
      seedStage(previous, { view: this.#view, exports: this.#exports, attributes: this.#tables.attributes });
    }
  }

  /** Counters of all that `run` took, whatever came of it. */
  counters(): RedCounters {
    return this.#reader.counters();
  }

  /**
   * Takes `bytes` bytes of whole rows that lie at `at` in another memory. Yields the bytes taken: all, unless the stage
   * traps, which it should not; then it must not be used again, and what it took before has been handed on.
   */
  run(rows: Uint8Array, at: number, bytes: number, sink: RowSink): number {
    let taken = 0;
    let counters = this.counters();
    try {
      this.#tick();
      while (taken < bytes) {
        const length = Math.min(bytes - taken, map.INPUT_BYTES);
        this.#bytes.set(rows.subarray(at + taken, at + taken + length), map.INPUT_OFFSET);
        const count = this.#exports.run(length) >>> 0;
        if (count === 0 || count > length) throw new Error(`It took ${count} of ${length} bytes`);
        const numbers = ROW_NUMBERS * this.#reader.word(map.WORD_ROWS);
        if (numbers > 0) sink(this.#bytes, new Uint32Array(this.#memory.buffer, map.ROWS_OFFSET, numbers));
        taken += count;
        counters = this.counters();
      }
    } catch (cause) {
      throw new RedFault({ taken, counters }, { cause });
    }
    return taken;
  }

  /**
   * Other rules hold from now on. Series whose attributes and buckets stay the same go on.
   *
   * @throws {RangeError} when they cannot be used; then the old ones go on.
   */
  setRules(rules: RedRules): void {
    const tables = compileRules(rules);
    this.#grow(rules);
    const before = { rules: this.#rules, tables: this.#tables };
    this.#tables = tables;
    this.#rules = rules;
    this.#restart(before);
    this.#putRules(rules);
  }

  /** What holds for spans of one process from now on. */
  setProcess(rules: ProcessRules): void {
    this.#processes.set(rules);
  }

  /** A process is gone, and what was measured of it is wanted no more. */
  forget(resource: number): void {
    this.#processes.forget(resource);
    this.#exports.forget(resource);
    this.#told = -1;
  }

  /** No span will come any more: sides of calls wait no longer. */
  settle(): void {
    this.#tick();
    this.#exports.settle(1);
  }

  /** What has changed since the last time, null for nothing. For RedMirror. */
  changes(): RedChanges | null {
    this.#tick();
    this.#exports.settle(0);
    const state = this.#reader.word(map.WORD_CHANGES) + this.#reader.word(map.WORD_SPANS);
    if (state === this.#told) return null;
    const changes = this.#read(this.#told === -1);
    this.#told = state;
    this.#setWord(map.WORD_EPOCH, this.#epoch = this.#epoch + 1 >>> 0);
    return changes;
  }

  /** Everything, without a call into the module: also after a fault. */
  measured(): RedChanges {
    return this.#read(true);
  }

  #read(all: boolean): RedChanges {
    const epoch = all ? null : this.#epoch;
    return {
      counters: this.#reader.counters(),
      overflowed: this.#reader.overflowed(),
      all,
      series: this.#reader.series(epoch),
      edges: this.#reader.edges(epoch),
      routes: this.#reader.routes(epoch),
    };
  }

  /** Ends series that the new rules would have other buckets or attributes for, and those that nobody wants any more. */
  #restart({ rules, tables }: { readonly rules: RedRules; readonly tables: RuleTables }): void {
    const { features, durationBucketsS, sizeBucketsBytes } = this.#rules.measure;
    const durations = isSame(rules.measure.durationBucketsS, durationBucketsS);
    const sizes = isSame(rules.measure.sizeBucketsBytes, sizeBucketsBytes);
    let metrics = 0;
    this.#tables.attributes.forEach((attributes, metric) => {
      const stays = features.includes("application") && (metric < 2 ? durations : sizes) &&
        isSame(attributes, tables.attributes[metric]!);
      if (!stays) metrics |= 1 << metric;
    });
    if (metrics !== 0) this.#exports.restartSeries(metrics);
    if (!durations || !features.includes("application_service_graph")) this.#exports.restartEdges();
  }

  #putRules({ measure }: RedRules): void {
    laySeries(this.#view, seriesCapacity(this.#view, measure.maxSeries));
    this.#exports.resize(map.TABLE_SERIES);
    this.#bytes.set(this.#tables.bytes, map.RULES_OFFSET);
    const features = (measure.features.includes("application") ? map.FEATURE_SERIES : 0) |
      (measure.features.includes("application_service_graph") ? map.FEATURE_EDGES : 0);
    this.#setWord(map.WORD_FEATURES, features);
    this.#setWord(map.WORD_MAX_SERIES, Math.min(measure.maxSeries, map.MAX_SERIES_LIMIT));
    this.#reader = new SlotReader(this.#memory, this.#rules, this.#tables.attributes);
    this.#told = -1;
  }

  /** Makes room for the series of the rules. */
  #grow({ measure }: RedRules): void {
    const needed = map.SERIES_OFFSET + map.SERIES_BYTES * seriesCapacity(this.#view, measure.maxSeries);
    const pages = Math.ceil((needed - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (pages <= 0) return;
    this.#memory.grow(pages);
    this.#viewMemory();
  }

  #viewMemory(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
    this.#reader = new SlotReader(this.#memory, this.#rules, this.#tables.attributes);
  }

  #tick(): void {
    this.#setWord(map.WORD_NOW_NS, BigInt(Math.trunc(this.#now())) * BigInt(NS_PER_MS));
    this.#setWord(map.WORD_ELAPSED_NS, Math.round(this.#elapsed() * NS_PER_MS));
  }

  #setWord(index: number, value: number | bigint): void {
    this.#view.setBigUint64(wordAt(index), BigInt(value), true);
  }
}

/** The stage failed while it took rows. */
export class RedFault extends Error {
  /** Bytes that were taken, and whose rows were handed on, before. */
  readonly taken: number;
  /** As they were then. */
  readonly counters: RedCounters;

  constructor({ taken, counters }: Pick<RedFault, "taken" | "counters">, options: ErrorOptions) {
    super("The RED stage failed: spans are not measured any more", options);
    this.name = "RedFault";
    this.taken = taken;
    this.counters = counters;
  }
}

const wordAt = (index: number): number => map.STATUS_OFFSET + 8 * index;

function isSame(left: readonly (number | string)[], right: readonly (number | string)[]): boolean {
  return left.length === right.length && left.every((one, index) => one === right[index]);
}
