/** What the main thread and the Worker that reads the pipe say to each other. */
import type { ProcessRules, RedCounters, RedRules, RedSnapshot } from "../red/types.ts";
import type { DecoderCounters, LostReason } from "./decoder_counters.ts";
import type { LossReason } from "../support/span_outcomes.ts";
import type { DecoderFaultCode } from "./decoder_fault.ts";
import type { SpanBatch } from "./span_batch.ts";

/** Main thread to Worker. Requests with an id get one `Answer`. */
export type Command =
  | { readonly type: "open"; readonly path: string; readonly red: RedSetup | null }
  | {
    readonly type: "use";
    readonly id: number;
    readonly slot: number;
    readonly name: string;
    /** Compiled already: the Worker that reads spans has no time for it. */
    readonly code: WebAssembly.Module;
  }
  | { readonly type: "release"; readonly id: number; readonly slot: number }
  | { readonly type: "counters"; readonly id: number }
  | { readonly type: "rules"; readonly id: number; readonly rules: RedRules }
  /** Holds for spans that are read later. */
  | { readonly type: "process"; readonly rules: ProcessRules }
  | { readonly type: "forget"; readonly resource: number }
  /** The answer is RedChanges, or null where nothing has changed. */
  | { readonly type: "snapshot"; readonly id: number }
  /** Nothing is to be done for a while: memory that is not needed goes back. */
  | { readonly type: "rest" }
  /** Spans that the main thread has taken over. */
  | { readonly type: "taken"; readonly bytes: number };

/** What the RED stage begins with. */
export interface RedSetup {
  /** build/red.wasm: compiled, or where it is (a file URL). */
  readonly module: WebAssembly.Module | string;
  readonly rules: RedRules;
  /** What stages before measured; their series count against the same budgets. */
  readonly previous?: RedSnapshot;
}

/** A running decoder that was stopped; its slot has none from then on. */
export interface SlotFault {
  readonly slot: number;
  readonly name: string;
  readonly code: DecoderFaultCode;
  readonly message: string;
  /** Spans that were in flight or about to be decoded; later ones of the slot are lost too. */
  readonly lostSpans: number;
}

/** Worker to main thread. */
export type Report =
  | { readonly type: "spans"; readonly batches: readonly SpanBatch[] }
  | { readonly type: "record"; readonly record: Uint8Array<ArrayBuffer> }
  | { readonly type: "fault"; readonly fault: SlotFault }
  | { readonly type: "unmeasured"; readonly message: string }
  | { readonly type: "closed"; readonly error: string | null }
  | { readonly type: "answer"; readonly id: number; readonly error: string | null; readonly value: unknown };

/** Why spans are lost between their start record and export; `no_decoder` and `decoder_fault` are the host's. */
export type PipelineLostReason = LostReason | Extract<LossReason, "no_decoder" | "decoder_fault">;

/** Totals of all decoders that were ever in use. starts = spans + all of lost + inFlight. */
export interface PipelineCounters extends Omit<DecoderCounters, "lost"> {
  readonly lost: Readonly<Record<PipelineLostReason, number>>;
  /** Records and bytes that came through the pipe. */
  readonly records: number;
  readonly bytes: number;
  /** Slots in use and what each decoder has counted. */
  readonly decoders: readonly {
    readonly slot: number;
    readonly name: string;
    readonly counters: DecoderCounters;
  }[];
  /**
   * What came of the spans in the RED stage, where there is one: spans that were handed out = spans - sampled_out -
   * ignored - filtered - not_exported.
   */
  readonly red?: RedCounters;
}
