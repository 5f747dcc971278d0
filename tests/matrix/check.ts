/** Checks one request of the matrix: its spans, their parents and attributes, and the header that back received. */
import assert from "node:assert/strict";
import type { LoadResult } from "../support/load.ts";
import type { ReceivedSpan } from "../support/span.ts";
import { type Echo, echoOf, expectedBack, expectedCall, expectedFront, type Services } from "./expect.ts";
import type { MatrixRequest } from "./requests.ts";
import type { Tally } from "./tally.ts";

/** A request, what came back, and the spans of its trace. */
export interface Exchange {
  readonly request: MatrixRequest;
  readonly result: LoadResult<unknown>;
  readonly spans: readonly ReceivedSpan[];
}

/** The parts of a traceparent that back received, which must have come exactly once and be valid. */
function receivedContext(echo: Echo): { traceId: string; spanId: string; flags: string } {
  assert.equal(echo.traceparent?.length, 1, `traceparent came as ${JSON.stringify(echo.traceparent)}`);
  const [, traceId = "", spanId = "", flags = ""] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(echo.traceparent?.[0] ?? "") ?? [];
  assert.notEqual(traceId, "", `traceparent is malformed: ${echo.traceparent?.[0]}`);
  return { traceId, spanId, flags };
}

function parentedBy(
  spans: readonly ReceivedSpan[],
  kind: ReceivedSpan["kind"],
  parentId: string,
): ReceivedSpan {
  const found = spans.filter((span) => span.kind === kind && span.parentId === parentId);
  const [span] = found;
  assert.ok(span && found.length === 1, `${found.length} ${kind} spans below "${parentId}" instead of one`);
  return span;
}

/** Checks what came of one request that was sampled. */
export function checkSampled({ request, result, spans }: Exchange, services: Services, tally: Tally): void {
  assert.equal(result.error, null);
  const { front, back, goVersion } = services;
  const sent = request.load.context;
  assert.equal(
    spans.length,
    request.spans,
    `spans: ${spans.map(({ kind, name }) => `${kind} ${name}`).join(", ")}`,
  );
  if (sent) assert.equal(spans[0]?.traceId, sent.traceId, "trace id");

  const frontServer = parentedBy(spans, "SERVER", sent?.spanId ?? "");
  tally.checkSpan(frontServer, expectedFront(request, result, services), front, goVersion);
  assert.equal(frontServer.traceState, sent?.tracestate ?? "", "tracestate of front's server span");
  if (request.spans === 1) return;

  const call = parentedBy(spans, "CLIENT", frontServer.spanId);
  tally.checkSpan(call, expectedCall(request, result, services), front, goVersion);
  assert.ok(frontServer.startNs <= call.startNs, "the call starts before its parent");
  if (request.spans === 2) return;

  const backServer = parentedBy(spans, "SERVER", call.spanId);
  tally.checkSpan(backServer, expectedBack(request, result, services), back, goVersion);
  assert.equal(backServer.traceState, sent?.tracestate ?? "", "tracestate of back's server span");
  assert.ok(call.startNs <= backServer.startNs, "back starts before the call");

  const echo = echoOf(result);
  if (request.kind === "panic") return;
  assert.ok(echo, "back's answer has no X-Echo");
  const seen = receivedContext(echo);
  assert.deepEqual(
    seen,
    { traceId: call.traceId, spanId: call.spanId, flags: "01" },
    "traceparent that back received",
  );
  assert.deepEqual(
    echo.tracestate ?? [],
    sent?.tracestate ? [sent.tracestate] : [],
    "tracestate that back received",
  );
}

/** Checks what came of one request that was not sampled: no span, and a header that says so. */
export function checkUnsampled({ request, result, spans }: Exchange): void {
  assert.equal(result.error, null);
  assert.equal(spans.length, 0);
  const echo = echoOf(result);
  if (request.spans < 3 || request.kind === "panic") return;
  assert.ok(echo, "back's answer has no X-Echo");
  const seen = receivedContext(echo);
  const sent = request.load.context;
  assert.equal(seen.flags, "00", "flags that back received");
  assert.equal(seen.traceId, sent?.traceId, "trace id that back received");
  assert.notEqual(seen.spanId, sent?.spanId, "back received the caller's own span id");
}
