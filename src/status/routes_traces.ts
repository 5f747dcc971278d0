/** Recent traces: a search, and one in full. */
import { Type } from "../schema/mod.ts";
import { attributesToJson, spanToJson } from "../trace/otlp_json.ts";
import type { TraceStore } from "../trace/store.ts";
import { type StoredSpan, summarize } from "../trace/trace.ts";
import { type Endpoint, endpoint, Refusal } from "./endpoint.ts";
import type { TraceAnswer } from "./model.ts";
import { traceId } from "./schemas/common.ts";
import { TRACE_ANSWER, TRACES_ANSWER } from "./schemas/traces.ts";

const SEARCH = Type.Object({
  service: Type.Optional(Type.String({ description: "service.name of one of its spans." })),
  route: Type.Optional(Type.String({ description: "http.route of that span." })),
  method: Type.Optional(Type.String({ description: "http.request.method of that span, in any case." })),
  status: Type.Optional(Type.String({
    pattern: "^(ok|error|[1-5]xx|[1-5][0-9]{2})$",
    description:
      "HTTP status code of that span, or its class (5xx); error: that span failed; ok: none of the " +
      "spans that fit failed.",
  })),
  min_duration_ms: Type.Optional(Type.Number({ minimum: 0, description: "Of the whole trace." })),
  q: Type.Optional(Type.String({
    maxLength: 200,
    description:
      "Text in one of its spans (service, name, an attribute's value) in any case, or how its trace id begins.",
  })),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 20 }),
});

export function traceRoutes({ traces }: { readonly traces: Pick<TraceStore, "list" | "get"> }): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/api/v1/traces",
      tag: "Telemetry",
      summary: "Recent traces, newest first",
      description: "A trace fits when one of its spans fits in service, route, method and status together.",
      query: SEARCH,
      answer: TRACES_ANSWER,
      handle: ({ query: { min_duration_ms: minDurationMs, ...query } }) =>
        traces.list({ ...query, minDurationMs }),
    }),
    endpoint({
      method: "GET",
      path: "/api/v1/traces/{traceId}",
      tag: "Telemetry",
      summary: "One trace in full",
      params: Type.Object({ traceId: traceId() }),
      answer: TRACE_ANSWER,
      refusals: { 404: "It is not, or no longer, in memory" },
      handle: ({ params }) => {
        const trace = traces.get(params.traceId);
        return trace === null ? NOT_HERE : { ...summarize(trace), spans: trace.spans.map(spanAnswer) };
      },
    }),
  ];
}

const NOT_HERE = new Refusal(404, {
  code: "trace-unknown",
  message: "No such trace is in memory; only recent ones are kept",
  remedy: "Look for it in your tracing back end, or keep more with store.max_spans",
});

function spanAnswer({ span, resource }: StoredSpan) {
  return {
    ...spanToJson(span),
    serviceName: resource.serviceName,
    resource: { attributes: attributesToJson(resource.attributes) },
  } as unknown as TraceAnswer["spans"][number];
}
