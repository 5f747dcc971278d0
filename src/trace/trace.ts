/** A trace as the store hands it out, and its one-line summary. */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { type Attribute, findAttribute } from "./attributes.ts";
import * as names from "./names.ts";
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

/** Kinds of spans, in the order of SpanKind. */
export const KIND_NAMES = ["internal", "server", "client", "producer", "consumer"] as const;
export type KindName = typeof KIND_NAMES[number];

/** What a span says of HTTP. */
export interface HttpFacts {
  readonly method: string | null;
  readonly route: string | null;
  /** Without its query. */
  readonly path: string | null;
  readonly status: number | null;
}

/** One line of a list of traces. What is said of HTTP is said of the root span. */
export interface TraceSummary extends HttpFacts {
  readonly traceId: string;
  readonly rootName: string;
  readonly rootService: string;
  readonly rootKind: KindName;
  readonly services: readonly string[];
  readonly spans: number;
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
  /** Spans that failed. */
  readonly errors: number;
  /** Spans on the longest way from a root to a leaf. */
  readonly depth: number;
}

/** What a list shows of a trace. The root is the span without a parent, else the first whose parent is elsewhere. */
export function summarize({ traceId, spans }: Trace): TraceSummary {
  const byId = new Map(spans.map((stored) => [stored.span.spanId, stored]));
  const root = spans.find(({ span }) => span.parentSpanId === "") ??
    spans.find(({ span }) => !byId.has(span.parentSpanId)) ?? spans[0];
  let start = spans[0]?.span.startTimeUnixNano ?? 0n;
  let end = start;
  for (const { span } of spans) {
    if (span.startTimeUnixNano < start) start = span.startTimeUnixNano;
    if (span.endTimeUnixNano > end) end = span.endTimeUnixNano;
  }
  return {
    traceId,
    rootName: root?.span.name ?? "",
    rootService: root?.resource.serviceName ?? "",
    rootKind: KIND_NAMES[root?.span.kind ?? SpanKind.INTERNAL],
    ...httpFacts(root?.span.attributes ?? []),
    services: [...new Set(spans.map(({ resource }) => resource.serviceName))],
    spans: spans.length,
    startTimeUnixNano: start.toString(),
    durationNs: Number(end - start),
    errors: spans.filter(({ span }) => span.status.code === SpanStatusCode.ERROR).length,
    depth: depthOf(byId),
  };
}

/** Reads the attributes of OpenTelemetry's HTTP conventions. */
export function httpFacts(attributes: readonly Attribute[]): HttpFacts {
  const text = (name: string) => {
    const value = findAttribute(attributes, name);
    return typeof value === "string" && value !== "" ? value : null;
  };
  const status = findAttribute(attributes, names.HTTP_RESPONSE_STATUS_CODE);
  const full = text(names.URL_FULL);
  return {
    method: text(names.HTTP_REQUEST_METHOD),
    route: text(names.HTTP_ROUTE),
    path: text(names.URL_PATH) ?? (full === null ? null : URL.parse(full)?.pathname ?? null),
    status: typeof status === "bigint" ? Number(status) : null,
  };
}

/** Each span is visited once; parents that form a ring, which no tracer makes, count up to where it closes. */
function depthOf(byId: ReadonlyMap<string, StoredSpan>): number {
  const depths = new Map<string, number>();
  for (const start of byId.keys()) {
    const path: string[] = [];
    let id = start;
    while (byId.has(id) && !depths.has(id)) {
      depths.set(id, 0);
      path.push(id);
      id = byId.get(id)!.span.parentSpanId;
    }
    let depth = depths.get(id) ?? 0;
    for (const each of path.reverse()) depths.set(each, ++depth);
  }
  return Math.max(0, ...depths.values());
}
