/** The data of each server-sent event of GET /api/v1/events. */
import { Type } from "../../schema/mod.ts";
import { KIND_NAMES } from "../../trace/trace.ts";
import {
  count,
  flag,
  named,
  nullable,
  oneOf,
  REASON,
  spanId,
  text,
  time,
  traceId,
  unixNano,
} from "./common.ts";
import { TARGET_REPORT } from "./targets.ts";

/** What a client may ask for with types=. */
export const EVENT_TYPES = ["span", "activity", "target", "decoder", "config"] as const;

export const SPAN_EVENT = named(
  "SpanEvent",
  Type.Object({
    traceId: traceId(),
    spanId: spanId(),
    parentSpanId: Type.String({ pattern: "^([0-9a-f]{16})?$", description: 'Of a root: "".' }),
    service: text(),
    kind: oneOf(KIND_NAMES),
    name: text(),
    method: nullable(text()),
    route: nullable(text()),
    status: nullable(count(), "HTTP status code."),
    error: flag(),
    startTimeUnixNano: unixNano(),
    durationNs: Type.Integer(),
  }, { description: "A span has ended." }),
);

export const ACTIVITY_EVENT = named(
  "ActivityEvent",
  Type.Object({ at: time() }, {
    description:
      "Services, traces and figures have changed: spans came in, or the loader began or ended. At most one in two " +
      "seconds, for those who then ask for what they show.",
  }),
);

export const TARGET_EVENT = named(
  "TargetEvent",
  Type.Object({
    ...TARGET_REPORT.properties,
    gone: flag("It is listed no more: it has ended, or no rule means it any longer."),
  }, {
    description: "A target was found, has another state, reason, decoder or name, or is gone.",
  }),
);

export const DECODER_EVENT = named(
  "DecoderEvent",
  Type.Object({
    name: nullable(text(), "Null where it could not be told."),
    action: oneOf(["activated", "rolled_back", "removed", "refused"]),
    version: nullable(
      text(),
      "Of the decoder that is in use now; where it was removed or refused, of that one.",
    ),
    source: nullable(oneOf(["bundled", "directory", "pushed", "learnt"]), "Of the same decoder."),
    at: time(),
    reason: nullable(REASON, "Why one was refused or taken out of use."),
  }, { description: "Which decoders are in use has changed, or one was refused." }),
);

export const CONFIG_EVENT = named(
  "ConfigEvent",
  Type.Object({
    ok: flag("What was read is in force."),
    error: nullable(text(), "Why it is not: FILE:LINE:COLUMN: message, a line each."),
    at: time(),
  }, { description: "The configuration was read again." }),
);

export const DROPPED_EVENT = named(
  "DroppedEvent",
  Type.Object({
    rate: count("Spans beyond what a client gets a second."),
    slow: count("Events of any type, since this client did not read."),
  }, {
    description:
      "Events that this client did not get since the last such event. Sent whatever types are asked for.",
  }),
);
