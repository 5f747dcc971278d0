import { deepEqual, equal, ok } from "node:assert/strict";
import { batchBytes, decodeMessage, encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import type { Protocol } from "../config/config.ts";
import { createResource, type Resource } from "../trace/resource.ts";
import { encodeRequests } from "./encode_requests.ts";
import type { QueueItem } from "./queue.ts";

const resource = (name: string): Resource =>
  createResource({ pid: 7, exe: `/bin/${name}`, goVersion: null, environment: {}, hostName: "h" });
const [FRONT, BACK] = [resource("front"), resource("back")];

function item(of: Resource, spans: readonly SpanFields[]): QueueItem {
  return { resource: of, count: spans.length, bytes: batchBytes(spans.map(encodeSpan)), at: 0 };
}

interface TracesMessage {
  readonly resourceSpans: readonly {
    readonly resource: unknown;
    readonly scopeSpans: readonly {
      readonly scope: unknown;
      readonly spans: readonly { readonly name: string }[];
    }[];
  }[];
}

function read(message: Uint8Array, protocol: Protocol): TracesMessage {
  const read = protocol === "http/json"
    ? JSON.parse(new TextDecoder().decode(message))
    : decodeMessage("ExportTraceServiceRequest", message);
  return read as TracesMessage;
}

const names = ({ resourceSpans }: TracesMessage) =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans[0]!.spans.map(({ name }) => name));

/** What protobufjs shows, in OTLP's JSON form: ids in hex, and defaults that our JSON writes. */
function asJson(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => asJson(each, key));
  if (typeof value === "string" && /^(traceId|spanId|parentSpanId)$/.test(key)) {
    return Uint8Array.fromBase64(value).toHex();
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asJson(each, name)]));
}

/** Without the fields that have their default. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) =>
      each !== "" && each !== 0 && !(Array.isArray(each) && each.length === 0)
    )
      .map(([name, each]) => [name, withoutDefaults(each)])
      .filter(([name, each]) => !(name === "status" && Object.keys(each as object).length === 0)),
  );
}

Deno.test("encodeRequests() says the same in JSON as in protobuf, read by protobufjs", () => {
  const items = [
    item(FRONT, [{
      name: "GET /a",
      parentSpanId: "b7ad6b7169203331",
      attributes: { "http.route": '/a"\u0000é', "http.response.status_code": 500 },
      statusCode: 2,
      more: {
        traceState: "a=b",
        flags: 0x101,
        events: [{ timeUnixNano: "1600000000000000001", name: "exception" }],
        links: [{ traceId: new Uint8Array(16).fill(7), spanId: new Uint8Array(8).fill(9), flags: 1 }],
      },
    }]),
    item(BACK, [{}, {}]),
    item(FRONT, [{ name: "GET /b" }]),
  ];
  const [json] = encodeRequests(items, { protocol: "http/json" }).requests;
  const [protobuf] = encodeRequests(items, { protocol: "http/protobuf" }).requests;
  deepEqual([json!.spans, protobuf!.spans], [4, 4]);
  const wanted = withoutDefaults(asJson(read(protobuf!.message, "http/protobuf")));
  deepEqual(withoutDefaults(read(json!.message, "http/json")), wanted);
});

for (const protocol of ["http/protobuf", "http/json"] as const) {
  Deno.test(`encodeRequests() cuts what is too large for one request, between spans, in ${protocol}`, () => {
    const all = Array.from({ length: 23 }, (_, at) => ({ name: `span ${at} ${"x".repeat(1_000)}` }));
    const items = [item(FRONT, all.slice(0, 3)), item(BACK, all.slice(3))];
    const { requests, lost } = encodeRequests(items, { protocol, maxBytes: 10_000 });
    deepEqual(lost, {});
    ok(requests.length > 2);
    const read_ = requests.map(({ message }) => names(read(message, protocol)));
    deepEqual(read_.flat(), all.map(({ name }) => name));
    deepEqual(requests.map(({ spans }) => spans), read_.map((each) => each.length));
    ok(requests.every(({ message }) => message.length <= 10_000));
  });

  Deno.test(`encodeRequests() leaves out a span that no request can hold, in ${protocol}`, () => {
    const items = [item(FRONT, [{ name: "a" }, { name: "x".repeat(10_000) }, { name: "b" }])];
    const { requests, lost } = encodeRequests(items, { protocol, maxBytes: 5_000 });
    deepEqual(lost, { too_large: 1 });
    deepEqual(requests.flatMap(({ message }) => names(read(message, protocol))), ["a", "b"]);
  });
}

Deno.test("encodeRequests() in JSON leaves out a span that cannot be read, and tells", () => {
  const good = encodeSpan({ name: "good" });
  // Its name is longer than the span.
  const bad = new Uint8Array([...good.subarray(0, 28), 0x2a, 0x7f, 0x41]);
  const bytes = batchBytes([bad, good]);
  const { requests, lost } = encodeRequests([{ resource: FRONT, count: 2, bytes, at: 0 }], {
    protocol: "http/json",
  });
  deepEqual(lost, { malformed: 1 });
  deepEqual([requests[0]!.spans, names(read(requests[0]!.message, "http/json"))], [1, ["good"]]);
  const only = encodeRequests([{ resource: FRONT, count: 1, bytes: batchBytes([bad]), at: 0 }], {
    protocol: "http/json",
  });
  deepEqual(only, { requests: [], lost: { malformed: 1 } });
  equal(only.requests.length, 0);
});
