/** What GET /api/v1/traces and /traces/{traceId} answer; the summary is held to src/trace/trace.ts. */
import { Type } from "../../schema/mod.ts";
import { KIND_NAMES } from "../../trace/trace.ts";
import { count, flag, list, named, nullable, oneOf, spanId, text, traceId, unixNano } from "./common.ts";

const SUMMARY = {
  traceId: traceId(),
  rootName: text("Name of the root span."),
  rootService: text("Service of the root span."),
  rootKind: oneOf(KIND_NAMES),
  method: nullable(text(), "http.request.method of the root span."),
  route: nullable(text(), "http.route of the root span."),
  path: nullable(text(), "Path that the root span asked for."),
  status: nullable(count(), "HTTP status code of the root span."),
  services: list(text(), "Of all spans, in the order in which they come in."),
  startTimeUnixNano: unixNano(),
  durationNs: count("From the first start to the last end."),
  errors: count("Spans that failed."),
  depth: count("Spans on the longest way from a root to a leaf."),
};

export const TRACE_SUMMARY = named("TraceSummary", Type.Object({ ...SUMMARY, spans: count() }));

export const TRACES_ANSWER = named(
  "Traces",
  Type.Object({
    traces: list(TRACE_SUMMARY, "Newest first, by arrival of their first span."),
    more: flag("Whether there are others that fit, beyond the limit."),
  }),
);

const NESTED = Type.Unknown({ description: "An AnyValue of OTLP's JSON." });

export const ATTRIBUTE = named(
  "Attribute",
  Type.Object({
    key: text(),
    value: Type.Object({
      stringValue: Type.Optional(Type.String()),
      boolValue: Type.Optional(Type.Boolean()),
      intValue: Type.Optional(Type.String({ description: "64-bit integers are text." })),
      doubleValue: Type.Optional(Type.Union([Type.Number(), oneOf(["NaN", "Infinity", "-Infinity"])])),
      bytesValue: Type.Optional(Type.String({ description: "Base64." })),
      arrayValue: Type.Optional(Type.Object({ values: Type.Array(NESTED) })),
      kvlistValue: Type.Optional(Type.Object({ values: Type.Array(NESTED) })),
    }),
  }),
);

export const SPAN = named(
  "Span",
  Type.Object({
    traceId: traceId(),
    spanId: spanId(),
    parentSpanId: Type.String({ pattern: "^([0-9a-f]{16})?$", description: 'Of a root: "".' }),
    traceState: text(),
    flags: count("W3C trace flags, and 0x100, 0x200 for a known, a remote parent."),
    name: text(),
    kind: Type.Integer({ minimum: 1, maximum: 5, description: "1 internal, 2 server, 3 client." }),
    startTimeUnixNano: unixNano(),
    endTimeUnixNano: unixNano(),
    attributes: list(ATTRIBUTE),
    droppedAttributesCount: count(),
    events: Type.Array(Type.Object({
      timeUnixNano: unixNano(),
      name: text(),
      attributes: list(ATTRIBUTE),
      droppedAttributesCount: count(),
    })),
    droppedEventsCount: count(),
    links: Type.Array(Type.Object({
      traceId: traceId(),
      spanId: spanId(),
      traceState: text(),
      attributes: list(ATTRIBUTE),
      droppedAttributesCount: count(),
      flags: count(),
    })),
    droppedLinksCount: count(),
    status: Type.Object({
      code: Type.Integer({ minimum: 0, maximum: 2, description: "0 unset, 1 ok, 2 error." }),
      message: Type.Optional(text()),
    }),
    serviceName: text(),
    resource: Type.Object({ attributes: list(ATTRIBUTE) }),
  }, { description: "A span in OTLP's JSON, with the service and the resource that it comes from." }),
);

export const TRACE_ANSWER = named(
  "Trace",
  Type.Object({ ...SUMMARY, spans: list(SPAN, "In order of their start.") }),
);
