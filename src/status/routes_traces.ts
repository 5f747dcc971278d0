/** Recent traces: a list, and one in full. */
import { Hono } from "hono";
import { attributesToJson, spanToJson } from "../trace/otlp_json.ts";
import type { TraceStore } from "../trace/store.ts";
import { summarize } from "../trace/trace.ts";
import { problem } from "./problem.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 10_000;

export function traceRoutes({ traces }: { traces: Pick<TraceStore, "list" | "get"> }): Hono {
  return new Hono()
    .get("/", (context) => {
      const text = context.req.query("limit") ?? String(DEFAULT_LIMIT);
      const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
      if (limit < 1 || limit > MAX_LIMIT) {
        return problem(context, 400, `Query parameter "limit" must be a whole number from 1 to ${MAX_LIMIT}`);
      }
      const service = context.req.query("service") || undefined;
      return context.json({ traces: traces.list({ service, limit }) });
    })
    .get("/:traceId", (context) => {
      const traceId = context.req.param("traceId");
      if (!/^[0-9a-f]{32}$/.test(traceId)) {
        return problem(context, 400, "A trace id must be 32 lower-case hex digits");
      }
      const trace = traces.get(traceId);
      if (trace === null) {
        return problem(context, 404, "No such trace is in memory; only recent ones are kept");
      }
      const spans = trace.spans.map(({ span, resource }) => ({
        ...spanToJson(span),
        serviceName: resource.serviceName,
        resource: { attributes: attributesToJson(resource.attributes) },
      }));
      return context.json({ ...summarize(trace), spans });
    });
}
