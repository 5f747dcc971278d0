import { deepEqual, equal } from "node:assert/strict";
import { batchBytes, decodeMessage, encodeMessage, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { createResource, type Resource } from "../trace/resource.ts";
import { encodeRequest } from "./otlp_request.ts";

const resource = (name: string): Resource =>
  createResource({ pid: 7, exe: `/bin/${name}`, goVersion: "go1.26.8", environment: {}, hostName: "h" });

Deno.test("encodeRequest() wraps runs of spans into what protobufjs reads as one request", () => {
  const [front, back] = [resource("front"), resource("back")];
  const spans = Array.from({ length: 7 }, (_, index) => encodeSpan({ name: "x".repeat(index * 101) }));
  const item = (of: Resource, ...indices: number[]) => {
    const bytes = batchBytes(indices.map((index) => spans[index]!));
    return { resource: of, count: indices.length, bytes, at: 0 };
  };
  const { spans: count, message: request } = encodeRequest([
    item(front, 0, 1),
    item(back, 2, 3, 4),
    item(front, 5),
    item(back, 6),
  ]);
  equal(count, 7);

  const decoded = decodeMessage("ExportTraceServiceRequest", request) as {
    resourceSpans: Array<{
      resource: unknown;
      schemaUrl: string;
      scopeSpans: Array<{ scope: { name: string; version: string }; spans: unknown[]; schemaUrl: string }>;
    }>;
  };
  equal(decoded.resourceSpans.length, 2);
  const expected: Array<[Resource, number[]]> = [[front, [0, 1, 5]], [back, [2, 3, 4, 6]]];
  expected.forEach(([of, indices], index) => {
    const { resource, scopeSpans, schemaUrl } = decoded.resourceSpans[index]!;
    deepEqual(resource, decodeMessage("Resource", of.encoded));
    equal(scopeSpans.length, 1);
    deepEqual(scopeSpans[0]!.spans, indices.map((at) => decodeMessage("Span", spans[at]!)));
    equal(scopeSpans[0]!.scope.name, "tsunagi");
    equal(schemaUrl, "https://opentelemetry.io/schemas/1.44.0");
    equal(scopeSpans[0]!.schemaUrl, schemaUrl);
  });
});

Deno.test("encodeRequest() writes the very bytes that protobufjs writes for the same request", () => {
  const front = resource("front");
  const run = batchBytes([encodeSpan(), encodeSpan({ name: "x".repeat(20_011) })]);
  const { message: ours } = encodeRequest([{ resource: front, count: 2, bytes: run, at: 0 }]);
  const decoded = decodeMessage("ExportTraceServiceRequest", ours);
  deepEqual(encodeMessage("ExportTraceServiceRequest", decoded), ours);
});

Deno.test("encodeRequest() of nothing is the empty message", () => {
  deepEqual(encodeRequest([]), { spans: 0, message: new Uint8Array() });
});
