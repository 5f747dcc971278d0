/** A trace of the status API, made into what the waterfall draws. Used by demo.ts. */
import type { Trace } from "../src/trace/trace.ts";

/** The parts of `/api/v1/traces/{traceId}` that the waterfall needs. */
export interface TraceJson {
  readonly traceId: string;
  readonly spans: readonly SpanJson[];
}

interface SpanJson {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** As OTLP numbers them. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: string };
  }[];
  readonly serviceName: string;
}

/** The trace as src/trace has it in memory. */
export function traceFromJson({ traceId, spans }: TraceJson): Trace {
  return {
    traceId,
    spans: spans.map((span) => ({
      resource: { serviceName: span.serviceName, attributes: [], encoded: new Uint8Array() },
      span: {
        ...span,
        traceState: "",
        flags: 0,
        // OTLP keeps 0 for "unspecified".
        kind: span.kind - 1,
        startTimeUnixNano: BigInt(span.startTimeUnixNano),
        endTimeUnixNano: BigInt(span.endTimeUnixNano),
        attributes: span.attributes.map(({ key, value: { stringValue, intValue } }) => ({
          key,
          value: intValue === undefined ? stringValue ?? null : BigInt(intValue),
        })),
        status: { code: span.status.code, message: span.status.message ?? "" },
        droppedAttributesCount: 0,
        events: [],
        droppedEventsCount: 0,
        links: [],
        droppedLinksCount: 0,
      },
    })),
  };
}
