/** What the main thread and the Worker that reads the pipe say to each other. */
import type { DecoderCounters, LostReason } from "./host.ts";
import type { DecoderPack } from "./manifest.ts";
import type { SpanBatch } from "./span_batch.ts";

/** Main thread to Worker. Requests with an id get one `Answer`. */
export type Command =
  | { readonly type: "open"; readonly path: string }
  | { readonly type: "use"; readonly id: number; readonly slot: number; readonly pack: DecoderPack }
  | { readonly type: "drop"; readonly id: number; readonly pid: number }
  | { readonly type: "counters"; readonly id: number }
  /** Spans that the main thread has taken over. */
  | { readonly type: "taken"; readonly bytes: number };

/** Worker to main thread. */
export type Report =
  | { readonly type: "spans"; readonly batches: readonly SpanBatch[] }
  | { readonly type: "record"; readonly record: Uint8Array<ArrayBuffer> }
  | { readonly type: "closed"; readonly error: string | null }
  | { readonly type: "answer"; readonly id: number; readonly error: string | null; readonly value: unknown };

/** Why spans are lost between their start record and export; `noDecoder` and `decoderFault` are the host's. */
export type PipelineLostReason = LostReason | "noDecoder" | "decoderFault";

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
}
