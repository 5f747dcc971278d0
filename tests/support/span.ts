/**
 * A span as the tests see it, whichever way it came (own sink, Collector, status API), and how to ask a
 * heap of spans questions.
 */

/** Value of an attribute; whole numbers are numbers. */
export type AttributeValue = string | number | boolean | readonly AttributeValue[];

/** One received span. Ids are lower-case hex, `parentId` is "" for a root. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "OTHER";
  readonly flags: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

/** Names OTLP's span kinds. */
export function kindName(kind: number): ReceivedSpan["kind"] {
  return kind === 2 ? "SERVER" : kind === 3 ? "CLIENT" : "OTHER";
}

/** Spans by trace id, each trace's spans by start. */
export function byTrace(spans: Iterable<ReceivedSpan>): Map<string, ReceivedSpan[]> {
  const traces = Map.groupBy(spans, (span) => span.traceId);
  for (const trace of traces.values()) trace.sort((a, b) => Number(a.startNs - b.startNs));
  return traces;
}
