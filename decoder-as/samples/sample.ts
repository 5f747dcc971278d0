/**
 * A sample and the span that it must give, and what samples of servers and of clients have in common: times, a caller,
 * what a plain span says. Used by server_samples.ts and client_samples.ts.
 */
import type { Plan } from "../../src/decoder/manifest.ts";
import { PID, SPAN_ID, TRACE_ID } from "./plan_runner.ts";
import type { FieldOffsets } from "./sample_heap.ts";

/** SpanKind of trace.proto. */
export const KIND_SERVER = 2;
export const KIND_CLIENT = 3;

/** What the span of a sample says; "" where there is nothing. */
export interface SampleSpan {
  readonly pid: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Without the clock's offset. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly isError: boolean;
  readonly flags: number;
}

export interface Sample {
  readonly name: string;
  /** Whole records, one behind the other. */
  readonly records: Uint8Array;
  readonly spans: readonly SampleSpan[];
  /** Texts are longer than the plans of this project copy; what is left of them is up to the plans. */
  readonly isCut?: boolean;
}

/** What a decoder knows of a Go program. */
export interface SampleSource {
  readonly fields: FieldOffsets;
  readonly plans: readonly Plan[];
}

/** What a span says that is not as in a plain one. */
export type Difference = Partial<SampleSpan> & Pick<SampleSpan, "name" | "attributes">;

/** Times of a sample's start and end. */
export const START_NS = 1_000_000_000n;
export const END_NS = 1_500_000_000n;
/** Span of the caller, for samples that have one. */
export const PARENT_ID = "00f067aa0ba902b7";

/** Whether there is a plan for every one of the probes. */
export function hasPlans(plans: readonly Plan[], ...probes: readonly number[]): boolean {
  return probes.every((wanted) => plans.some(({ probe }) => probe === wanted));
}

/** The span of a sample: what a plain one says, but for the difference. */
export function spanOf(kind: number, difference: Difference): SampleSpan {
  return {
    pid: PID,
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceState: "",
    parentSpanId: "",
    kind,
    startNs: START_NS,
    endNs: END_NS,
    isError: false,
    flags: 0x101,
    ...difference,
  };
}
