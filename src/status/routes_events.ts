/** What happens, as a stream of server-sent events. */
import { Type } from "../schema/mod.ts";
import { type Endpoint, endpoint, Refusal } from "./endpoint.ts";
import type { EventHub } from "./events.ts";
import { oneOf } from "./schemas/common.ts";
import { EVENT_TYPES } from "./schemas/events.ts";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  // For proxies that would collect an answer before they pass it on.
  "x-accel-buffering": "no",
};

export function eventRoutes({ events }: { readonly events: Pick<EventHub, "connect"> }): Endpoint[] {
  return [endpoint({
    method: "GET",
    path: "/api/v1/events",
    tag: "Telemetry",
    summary: "What happens, as server-sent events",
    description:
      "The event's name is its type, its data is JSON: SpanEvent, ActivityEvent, TargetEvent, DecoderEvent, " +
      "ConfigEvent. " +
      "DroppedEvent tells what this client did not get: spans beyond 200 a second, and what it was too slow for.",
    query: Type.Object({
      types: Type.Array(oneOf(EVENT_TYPES), {
        minItems: 1,
        default: [...EVENT_TYPES],
        description: "Which events to send.",
      }),
    }),
    answer: { contentTypes: ["text/event-stream"], description: "Ends only with the client or the agent" },
    refusals: { 503: "Too many clients listen already" },
    handle: ({ query, context }) => {
      if (context.req.method === "HEAD") return new Response(null, { headers: HEADERS });
      const stream = events.connect(query.types);
      if (stream !== null) return new Response(stream, { headers: HEADERS });
      context.header("retry-after", "10");
      return new Refusal(503, {
        code: "too-many-listeners",
        message: "Too many clients listen to events already",
        remedy: "Close another page or program that listens",
      });
    },
  })];
}
