/**
 * The RED stage behind the decoders, and what happens without it: a stage that failed is left alone, and spans go on
 * unmeasured, counted. Used by router.ts and worker.ts.
 */
import { NO_RED_COUNTERS, type RedChanges } from "../red/snapshot.ts";
import { RedFault, RedStage, type RedStageOptions } from "../red/stage.ts";
import type { ProcessRules, RedCounters, RedRules } from "../red/types.ts";
import { describeError } from "../support/errors.ts";
import { copyRows, countRows, findRows } from "./output_rows.ts";
import type { SpanBatch } from "./span_batch.ts";

export interface MeasuringOptions extends Omit<RedStageOptions, "module"> {
  /** Compiled, or where build/red.wasm is. */
  readonly module: WebAssembly.Module | string;
  /** Spans go on without being measured. */
  readonly onFault: (message: string) => void;
}

export class Measuring {
  readonly #onFault: (message: string) => void;
  #stage: RedStage | null = null;
  /** A stage that failed: what it measured can still be read. */
  #failed: RedStage | null = null;
  /** Since the stage failed. */
  #counters = NO_RED_COUNTERS;
  #told = -1;

  constructor({ module, onFault, ...options }: MeasuringOptions) {
    this.#onFault = onFault;
    try {
      const compiled = typeof module === "string"
        ? new WebAssembly.Module(Deno.readFileSync(new URL(module)))
        : module;
      this.#stage = new RedStage({ ...options, module: compiled });
    } catch (cause) {
      onFault(describeError(new Error("Cannot start the RED stage: spans are not measured", { cause })));
    }
  }

  /** Takes rows that a decoder left in its memory; yields the spans that stay. */
  take(memory: Uint8Array, at: number, bytes: number): SpanBatch[] {
    const batches: SpanBatch[] = [];
    const gather = (from: Uint8Array, rows: Uint32Array) => {
      for (const batch of copyRows(from, rows)) batches.push(batch);
    };
    let taken = 0;
    try {
      taken = this.#stage?.run(memory, at, bytes, gather) ?? 0;
    } catch (error) {
      if (!(error instanceof RedFault)) throw error;
      taken = error.taken;
      this.#fail(error, error.counters);
    }
    if (taken < bytes) {
      const rows = findRows(memory, at + taken, bytes - taken);
      this.#countUnmeasured(countRows(rows));
      for (const batch of copyRows(memory, rows)) batches.push(batch);
    }
    return batches;
  }

  counters(): RedCounters {
    return this.#stage?.counters() ?? this.#counters;
  }

  /** What has changed since the last time, null for nothing. For RedMirror. */
  changes(): RedChanges | null {
    const changes = this.#try((stage) => stage.changes());
    if (this.#stage) return changes ?? null;
    if (this.#told === this.#counters.spans) return null;
    this.#told = this.#counters.spans;
    const measured = this.#failed?.measured() ??
      { overflowed: {}, all: true, series: [], edges: [], routes: [] };
    return { ...measured, counters: this.#counters };
  }

  /** @throws {RangeError} when they cannot be used. */
  setRules(rules: RedRules): void {
    this.#try((stage) => stage.setRules(rules));
  }

  setProcess(rules: ProcessRules): void {
    this.#try((stage) => stage.setProcess(rules));
  }

  forget(resource: number): void {
    this.#try((stage) => stage.forget(resource));
  }

  /** No span will come any more. */
  settle(): void {
    this.#try((stage) => stage.settle());
  }

  /** Asks something of the stage, if it still works. */
  #try<T>(ask: (stage: RedStage) => T): T | undefined {
    if (!this.#stage) return undefined;
    try {
      return ask(this.#stage);
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError)) throw cause;
      const counters = this.#stage.counters();
      this.#fail(new RedFault({ taken: 0, counters }, { cause }), counters);
      return undefined;
    }
  }

  #fail(error: RedFault, counters: RedCounters): void {
    this.#failed = this.#stage;
    this.#stage = null;
    this.#counters = counters;
    this.#onFault(describeError(error));
  }

  #countUnmeasured(count: number): void {
    const { spans, unreadable } = this.#counters;
    this.#counters = { ...this.#counters, spans: spans + count, unreadable: unreadable + count };
  }
}
