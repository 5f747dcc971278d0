/**
 * What each probe captures of which Go struct: yields the plans for the kernel and, from the same calls, the record
 * offsets for the decoder. Called by scripts/build_decoders.ts for every layout.
 */
import {
  PROBE_CLIENT_END,
  PROBE_CLIENT_START,
  PROBE_SERVER_ABORT,
  PROBE_SERVER_ABORT_H2,
  PROBE_SERVER_END,
  PROBE_SERVER_END_H2,
  PROBE_SERVER_START,
  REG_OBJECT,
} from "../../bpf/wire.gen.ts";
import type { Plan } from "../../src/decoder/manifest.ts";
import * as strings from "../assembly/strings.ts";
import { type FieldName, type GoLayout, offsetOf } from "./layout.ts";
import { type Part, partsOf } from "./parts.ts";
import { PlanBuilder, type Snapshot } from "./plan_builder.ts";

/** Bytes of a Go string header: pointer and length. */
const STRING_HEADER_BYTES = 16;
const WORD_BYTES = 8;

/** Offsets by "type.field"; null or left out where that Go has no such field. */
export type Fields = Readonly<Record<string, number | null>>;

/** Plans of a layout and the decoder's constants by name. */
export interface Capture {
  readonly plans: readonly Plan[];
  readonly constants: Readonly<Record<string, number>>;
}

/** Constants of the decoder by the part that they belong to. */
const CONSTANTS: Readonly<Record<Part, readonly string[]>> = {
  server: [
    "SERVER_FIXED_BYTES",
    "SERVER_PROTO_MAJOR",
    "SERVER_PROTO_MINOR",
    "SERVER_CONTENT_LENGTH",
    "SERVER_TLS",
    "SERVER_END_FIXED_BYTES",
    "SERVER_END_STATUS",
    "SERVER_END_WRITTEN",
    "SERVER_END_WROTE_HEADER",
  ],
  http2: ["H2_END_FIXED_BYTES", "H2_END_STATUS", "H2_END_WRITTEN", "H2_END_WROTE_HEADER"],
  client: [
    "CLIENT_FIXED_BYTES",
    "CLIENT_CONTENT_LENGTH",
    "CLIENT_USER",
    "CLIENT_FORCE_QUERY",
    "CLIENT_END_FIXED_BYTES",
    "CLIENT_END_STATUS",
    "CLIENT_END_PROTO_MAJOR",
    "CLIENT_END_PROTO_MINOR",
    "CLIENT_END_CONTENT_LENGTH",
  ],
};

/**
 * Plans for the parts that the layout has; constants of the others are 0, and no plan yields records for them.
 *
 * @throws {Error} when a part lacks a field that it needs.
 */
export function captureOf(layout: GoLayout): Capture {
  const parts = partsOf(layout.fields);
  const constants: Record<string, number> = {};
  for (const name of Object.values(CONSTANTS).flat()) constants[name] = 0;
  const plans: Plan[] = [];
  if (parts.includes("server")) plans.push(serverStart(layout, constants), ...serverEnd(layout, constants));
  if (parts.includes("http2")) plans.push(...serverEndH2(layout, constants));
  if (parts.includes("client")) plans.push(clientStart(layout, constants), clientEnd(layout, constants));
  return { plans, constants };
}

/** One snapshot of the fields of `type` that are named, from the first to the last; `source` holds its address. */
function readFields(
  plan: PlanBuilder,
  layout: GoLayout,
  source: number,
  fields: Readonly<Partial<Record<FieldName, number>>>,
): Snapshot {
  const ranges = Object.entries(fields).map(([field, bytes]) => {
    const offset = offsetOf(layout, field as FieldName);
    return { offset, end: offset + bytes };
  });
  // Whole words, so that no field straddles what 8-byte copies move.
  const from = Math.min(...ranges.map(({ offset }) => offset)) & ~7;
  return plan.read(source, from, Math.max(...ranges.map(({ end }) => end)));
}

/** serverHandler.ServeHTTP: everything that the request says. */
function serverStart(layout: GoLayout, constants: Record<string, number>): Plan {
  const plan = new PlanBuilder(PROBE_SERVER_START);
  const request = readFields(plan, layout, plan.register(REG_OBJECT), {
    "Request.Method": STRING_HEADER_BYTES,
    "Request.ProtoMajor": WORD_BYTES,
    "Request.ProtoMinor": WORD_BYTES,
    "Request.ContentLength": WORD_BYTES,
    "Request.Host": STRING_HEADER_BYTES,
    "Request.RemoteAddr": STRING_HEADER_BYTES,
    "Request.RequestURI": STRING_HEADER_BYTES,
    "Request.TLS": WORD_BYTES,
  });
  const field = (name: FieldName) => request.at(offsetOf(layout, name));
  plan.string(strings.SERVER_METHOD, field("Request.Method"), strings.SERVER_METHOD_BYTES);
  plan.string(strings.SERVER_TARGET, field("Request.RequestURI"), strings.SERVER_TARGET_BYTES);
  plan.string(strings.SERVER_HOST, field("Request.Host"), strings.SERVER_HOST_BYTES);
  plan.string(strings.SERVER_REMOTE, field("Request.RemoteAddr"), strings.SERVER_REMOTE_BYTES);
  constants.SERVER_FIXED_BYTES = plan.fixedBytes;
  constants.SERVER_PROTO_MAJOR = field("Request.ProtoMajor");
  constants.SERVER_PROTO_MINOR = field("Request.ProtoMinor");
  constants.SERVER_CONTENT_LENGTH = field("Request.ContentLength");
  constants.SERVER_TLS = field("Request.TLS");
  return plan.finish();
}

/** finishRequest, and the deferred closure of a connection whose handler panicked or hijacked: the http.response. */
function serverEnd(layout: GoLayout, constants: Record<string, number>): Plan[] {
  const plans = [PROBE_SERVER_END, PROBE_SERVER_ABORT].map((probe) => {
    const plan = new PlanBuilder(probe);
    const response = readFields(plan, layout, plan.register(REG_OBJECT), {
      "response.req": WORD_BYTES,
      "response.wroteHeader": 1,
      "response.written": WORD_BYTES,
      "response.status": WORD_BYTES,
    });
    const field = (name: FieldName, bytes = WORD_BYTES) => response.at(offsetOf(layout, name), bytes);
    patternOf(plan, layout.fields, field("response.req"));
    constants.SERVER_END_FIXED_BYTES = plan.fixedBytes;
    constants.SERVER_END_STATUS = field("response.status");
    constants.SERVER_END_WRITTEN = field("response.written");
    constants.SERVER_END_WROTE_HEADER = field("response.wroteHeader", 1);
    return plan.finish();
  });
  return plans;
}

/** handlerDone and the deferred closure of runHandler: the state behind the HTTP/2 response writer. */
function serverEndH2(layout: GoLayout, constants: Record<string, number>): Plan[] {
  const hasRequest = layout.fields["h2responseWriterState.req"] !== null;
  return [PROBE_SERVER_END_H2, PROBE_SERVER_ABORT_H2].map((probe) => {
    const plan = new PlanBuilder(probe);
    const pointer = plan.peek(
      plan.register(REG_OBJECT),
      offsetOf(layout, "h2responseWriter.rws"),
      WORD_BYTES,
    );
    const state = readFields(plan, layout, pointer, {
      ...hasRequest ? { "h2responseWriterState.req": WORD_BYTES } : {},
      "h2responseWriterState.status": WORD_BYTES,
      "h2responseWriterState.wroteHeader": 1,
      "h2responseWriterState.wroteBytes": WORD_BYTES,
    });
    const field = (name: FieldName, bytes = WORD_BYTES) => state.at(offsetOf(layout, name), bytes);
    if (hasRequest) patternOf(plan, layout.fields, field("h2responseWriterState.req"));
    constants.H2_END_FIXED_BYTES = plan.fixedBytes;
    constants.H2_END_STATUS = field("h2responseWriterState.status");
    constants.H2_END_WRITTEN = field("h2responseWriterState.wroteBytes");
    constants.H2_END_WROTE_HEADER = field("h2responseWriterState.wroteHeader", 1);
    return plan.finish();
  });
}

/** The ServeMux pattern of the Request whose address lies at `request`: a field since 1.23, behind `pat` in 1.22. */
export function patternOf(plan: PlanBuilder, fields: Fields, request: number): void {
  const own = fields["Request.Pattern"] ?? null;
  const pat = fields["Request.pat"] ?? null;
  const text = fields["pattern.str"] ?? null;
  let header: number;
  if (own !== null) {
    header = plan.peek(request, own, STRING_HEADER_BYTES);
  } else if (pat !== null && text !== null) {
    const pattern = plan.peek(request, pat, WORD_BYTES);
    header = plan.peek(pattern, text, STRING_HEADER_BYTES);
  } else {
    return;
  }
  plan.string(strings.SERVER_PATTERN, header, strings.SERVER_PATTERN_BYTES);
}

/** Transport.roundTrip: the request and its URL. */
function clientStart(layout: GoLayout, constants: Record<string, number>): Plan {
  const plan = new PlanBuilder(PROBE_CLIENT_START);
  const request = readFields(plan, layout, plan.register(REG_OBJECT), {
    "Request.Method": STRING_HEADER_BYTES,
    "Request.URL": WORD_BYTES,
    "Request.ContentLength": WORD_BYTES,
  });
  const url = readFields(plan, layout, request.at(offsetOf(layout, "Request.URL")), {
    "URL.Scheme": STRING_HEADER_BYTES,
    "URL.Opaque": STRING_HEADER_BYTES,
    "URL.User": WORD_BYTES,
    "URL.Host": STRING_HEADER_BYTES,
    "URL.Path": STRING_HEADER_BYTES,
    "URL.RawPath": STRING_HEADER_BYTES,
    "URL.ForceQuery": 1,
    "URL.RawQuery": STRING_HEADER_BYTES,
  });
  const part = (name: FieldName, bytes = WORD_BYTES) => url.at(offsetOf(layout, name), bytes);
  const method = request.at(offsetOf(layout, "Request.Method"));
  plan.string(strings.CLIENT_METHOD, method, strings.CLIENT_METHOD_BYTES);
  plan.string(strings.CLIENT_SCHEME, part("URL.Scheme"), strings.CLIENT_SCHEME_BYTES);
  plan.string(strings.CLIENT_HOST, part("URL.Host"), strings.CLIENT_HOST_BYTES);
  plan.string(strings.CLIENT_PATH, part("URL.Path"), strings.CLIENT_PATH_BYTES);
  plan.string(strings.CLIENT_RAW_PATH, part("URL.RawPath"), strings.CLIENT_RAW_PATH_BYTES);
  plan.string(strings.CLIENT_QUERY, part("URL.RawQuery"), strings.CLIENT_QUERY_BYTES);
  plan.string(strings.CLIENT_OPAQUE, part("URL.Opaque"), strings.CLIENT_OPAQUE_BYTES);
  constants.CLIENT_FIXED_BYTES = plan.fixedBytes;
  constants.CLIENT_CONTENT_LENGTH = request.at(offsetOf(layout, "Request.ContentLength"));
  constants.CLIENT_USER = part("URL.User");
  constants.CLIENT_FORCE_QUERY = part("URL.ForceQuery", 1);
  return plan.finish();
}

/** The end of a call: the http.Response, when there is one. */
function clientEnd(layout: GoLayout, constants: Record<string, number>): Plan {
  const plan = new PlanBuilder(PROBE_CLIENT_END);
  const response = readFields(plan, layout, plan.register(REG_OBJECT), {
    "Response.StatusCode": WORD_BYTES,
    "Response.ProtoMajor": WORD_BYTES,
    "Response.ProtoMinor": WORD_BYTES,
    "Response.ContentLength": WORD_BYTES,
  });
  const field = (name: FieldName) => response.at(offsetOf(layout, name));
  constants.CLIENT_END_FIXED_BYTES = plan.fixedBytes;
  constants.CLIENT_END_STATUS = field("Response.StatusCode");
  constants.CLIENT_END_PROTO_MAJOR = field("Response.ProtoMajor");
  constants.CLIENT_END_PROTO_MINOR = field("Response.ProtoMinor");
  constants.CLIENT_END_CONTENT_LENGTH = field("Response.ContentLength");
  return plan.finish();
}
