/** A trace as the store hands it out, and its one-line summary. */
import { SpanStatusCode } from "@opentelemetry/api";
import type { Span } from "./otlp_span.ts";
import type { Resource } from "./resource.ts";

/** A span together with the process that it comes from. */
export interface StoredSpan {
  readonly span: Span;
  readonly resource: Resource;
}

export interface Trace {
  readonly traceId: string;
  /** In order of their start. */
  readonly spans: readonly StoredSpan[];
}

/** One line of a list of traces. */
export interface TraceSummary {
  readonly traceId: string;
  readonly rootName: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
  readonly errors: number;
}

/** What a list shows of a trace. The root is the span without a parent, else the first whose parent is elsewhere. */
export function summarize({ traceId, spans }: Trace): TraceSummary {
  const ids = new Set(spans.map(({ span }) => span.spanId));
  const root = spans.find(({ span }) => span.parentSpanId === "") ??
    spans.find(({ span }) => !ids.has(span.parentSpanId)) ?? spans[0];
  let start = spans[0]?.span.startTimeUnixNano ?? 0n;
  let end = start;
  for (const { span } of spans) {
    if (span.startTimeUnixNano < start) start = span.startTimeUnixNano;
    if (span.endTimeUnixNano > end) end = span.endTimeUnixNano;
  }
  return {
    traceId,
    rootName: root?.span.name ?? "",
    services: [...new Set(spans.map(({ resource }) => resource.serviceName))],
    spans: spans.length,
    startTimeUnixNano: start.toString(),
    durationNs: Number(end - start),
    errors: spans.filter(({ span }) => span.status.code === SpanStatusCode.ERROR).length,
  };
}
