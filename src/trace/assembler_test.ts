import { deepEqual, equal, throws } from "node:assert/strict";
import { encodeSpan, type SpanFields } from "../../tests/support/otlp_proto.ts";
import { TraceAssembler, type TraceAssemblerOptions } from "./assembler.ts";
import { createResource } from "./resource.ts";

const RESOURCE = createResource({ pid: 7, exe: "/a", goVersion: null, environment: {}, hostName: "h" });
const A = "0a".repeat(16);
const B = "0b".repeat(16);
const REMOTE_PARENT = { more: { flags: 0x301 } };
const LOCAL_PARENT = { more: { flags: 0x101 } };

function make(options: TraceAssemblerOptions = {}) {
  const assembler = new TraceAssembler({ quietMs: 400, maxWaitMs: 10_000, ...options });
  return {
    assembler,
    add: (nowMs: number, fields: SpanFields) => assembler.add(RESOURCE, encodeSpan(fields), nowMs),
  };
}

const summary = (traces: ReturnType<TraceAssembler["take"]>) =>
  traces.map(({ traceId, spans }) => [traceId, spans.length]);

Deno.test("TraceAssembler gives a trace away when nothing came for the quiet time", () => {
  const { assembler, add } = make();
  add(0, { traceId: A });
  add(100, { traceId: B });
  add(300, { traceId: A });
  deepEqual(summary(assembler.take(499)), []);
  deepEqual(summary(assembler.take(500)), [[B, 1]]);
  deepEqual(summary(assembler.take(699)), []);
  equal(assembler.spans, 2);
  deepEqual(summary(assembler.take(700)), [[A, 2]]);
  equal(assembler.spans, 0);
});

Deno.test("TraceAssembler tells how long the trace took and whether a span failed", () => {
  const { assembler, add } = make();
  add(0, { traceId: A, startMs: 1_500, durationMs: 250, statusCode: 2 });
  add(0, { traceId: A, startMs: 1_000, durationMs: 2_000 });
  add(0, { traceId: B, startMs: 1_000, durationMs: 3, statusCode: 1 });
  deepEqual(
    assembler.take(400).map(({ durationNs, failed }) => ({ durationNs, failed })),
    [{ durationNs: 2e9, failed: true }, { durationNs: 3e6, failed: false }],
  );
});

Deno.test("TraceAssembler waits for a parent in a traced process, but not for ever", () => {
  const { assembler, add } = make();
  const parentSpanId = "01".repeat(8);
  add(0, { traceId: A, parentSpanId, kind: 3, ...LOCAL_PARENT });
  add(0, { traceId: B, parentSpanId, kind: 3, ...LOCAL_PARENT });
  for (let now = 0; now < 5_000; now += 100) deepEqual(summary(assembler.take(now)), []);
  add(5_000, { traceId: A, spanId: parentSpanId });
  deepEqual(summary(assembler.take(5_400)), [[A, 2]]);
  for (let now = 5_400; now < 10_000; now += 100) deepEqual(summary(assembler.take(now)), []);
  deepEqual(summary(assembler.take(10_400)), [[B, 1]]);
});

Deno.test("TraceAssembler does not wait for a parent in another process, which may not be traced", () => {
  const { assembler, add } = make();
  add(0, { traceId: A, parentSpanId: "01".repeat(8), ...REMOTE_PARENT });
  deepEqual(summary(assembler.take(400)), [[A, 1]]);
});

Deno.test("TraceAssembler ends a trace that never falls quiet", () => {
  const { assembler, add } = make();
  let given = 0;
  for (let now = 0; now <= 30_000; now += 100) {
    add(now, { traceId: A });
    for (const { spans } of assembler.take(now)) given += spans.length;
    equal(assembler.spans <= 105, true, `${assembler.spans} spans wait`);
  }
  equal(given > 190, true, `${given} spans were given away`);
});

Deno.test("TraceAssembler is bounded in the spans of a trace, of all, and their bytes", () => {
  const inOne = make({ maxTraceSpans: 5 });
  for (let i = 0; i < 12; i++) inOne.add(0, { traceId: A });
  deepEqual(summary(inOne.assembler.take(0)), [[A, 5], [A, 5]]);
  equal(inOne.assembler.spans, 2);

  const inAll = make({ maxSpans: 10 });
  inAll.add(0, { traceId: A });
  inAll.add(0, { traceId: B });
  inAll.add(1, { traceId: A });
  for (let i = 0; i < 8; i++) inAll.add(1, {});
  deepEqual(summary(inAll.assembler.take(1)), [[B, 1]]);
  equal(inAll.assembler.spans, 10);

  const inBytes = make({ maxBytes: 3_000 });
  for (let i = 0; i < 12; i++) inBytes.add(0, { traceId: i < 6 ? A : B, name: "x".repeat(400) });
  deepEqual(summary(inBytes.assembler.take(0)), [[A, 6]]);
});

Deno.test("TraceAssembler gives everything away on request", () => {
  const { assembler, add } = make({ maxTraceSpans: 2 });
  for (let i = 0; i < 3; i++) add(0, { traceId: A });
  add(0, { traceId: B, parentSpanId: "01".repeat(8), ...LOCAL_PARENT });
  deepEqual(summary(assembler.takeAll()), [[A, 2], [A, 1], [B, 1]]);
  equal(assembler.spans, 0);
  deepEqual(summary(assembler.takeAll()), []);
});

Deno.test("TraceAssembler refuses bytes that are no span, and keeps copies of those that are", () => {
  const { assembler } = make();
  throws(() => assembler.add(RESOURCE, Uint8Array.of(0x0a, 99), 0), RangeError);
  equal(assembler.spans, 0);
  const bytes = encodeSpan({ traceId: A });
  const before = bytes.slice();
  assembler.add(RESOURCE, bytes, 0);
  bytes.fill(0xff);
  deepEqual(assembler.takeAll()[0]!.spans[0]!.bytes, before);
});
