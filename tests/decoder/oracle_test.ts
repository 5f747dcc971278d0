/** The bytes of a decoder against an independent implementation of protobuf. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { SpanBatch } from "../../src/decoder/span_batch.ts";
import { batchBytes, decodeMessage, encodeMessage } from "../support/otlp_proto.ts";
import { Fixture } from "./fixture.ts";

const NEWEST = "go1.27.4";

/** Spans that between them have every field and every length of length. */
function encodedSpans(): SpanBatch {
  const fixture = new Fixture(NEWEST);
  const long = "/" + "long/".repeat(70);
  const records = [
    ...fixture.server({ target: "/a?sig=1", host: "h:1", remote: "1.2.3.4:5", pattern: "GET /{x}" }, {
      status: 500,
    }, {
      start: { parentId: "00f067aa0ba902b7", parent: wire.PARENT_REMOTE, tracestate: "a=b" },
    }),
    ...fixture.server({ target: long + long, contentLength: 2 ** 40 }, { written: 300 }),
    ...fixture.client({ method: "PURGE", url: { path: long, query: "q" } }, {
      status: 404,
      contentLength: 20_000,
    }),
    ...fixture.client({ contentLength: 2_000_000 }, null),
  ];
  const batches: SpanBatch[] = [];
  for (const bytes of records) assert.ok(fixture.decoder.add(bytes));
  fixture.decoder.decode(batches);
  assert.equal(batches.length, 1);
  return batches[0]!;
}

Deno.test("decoder: protobufjs reads its spans and writes the same bytes", () => {
  const { bytes, count } = encodedSpans();
  const { spans } = decodeMessage("ScopeSpans", bytes) as { spans: Record<string, unknown>[] };
  assert.equal(spans.length, count);
  const again = spans.map((span) => encodeMessage("Span", span));
  assert.deepEqual(batchBytes(again), bytes);
});

Deno.test("decoder: protobufjs sees the fields that were meant", () => {
  const { spans } = decodeMessage("ScopeSpans", encodedSpans().bytes) as { spans: Record<string, unknown>[] };
  const { attributes, ...first } = spans[0]!;
  assert.deepEqual(first, {
    traceId: "CvdlGRbNQ92ESOshHIAxnA==",
    spanId: "t61rcWkgMzE=",
    traceState: "a=b",
    parentSpanId: "APBnqgupArc=",
    name: "GET /{x}",
    kind: 2,
    startTimeUnixNano: "1000000000",
    endTimeUnixNano: "1500000000",
    status: { code: 2 },
    flags: 0x301,
  });
  assert.deepEqual((attributes as unknown[]).slice(0, 2), [
    { key: "http.request.method", value: { stringValue: "GET" } },
    { key: "url.path", value: { stringValue: "/a" } },
  ]);
});
