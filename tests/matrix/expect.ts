/** Checks one request of the matrix: its three spans, their parents and attributes, and the header that back got. */
import assert from "node:assert/strict";
import type { LoadResult } from "../support/load.ts";
import type { ReceivedSpan } from "../support/span.ts";

/** What back says that it received. */
export interface Echo {
  readonly traceparent: readonly string[] | null;
  readonly tracestate: readonly string[] | null;
  readonly method: string;
  readonly uri: string;
}

/** Where the two services listen, and what they run on. */
export interface Services {
  readonly front: { readonly host: string; readonly port: number; readonly pid: number };
  readonly back: { readonly host: string; readonly port: number; readonly pid: number };
  readonly goVersion: string;
}

/** The parts of a traceparent that back received, which must have come exactly once and be valid. */
export function receivedContext(echo: Echo): { traceId: string; spanId: string; flags: string } {
  assert.equal(echo.traceparent?.length, 1, `traceparent came as ${JSON.stringify(echo.traceparent)}`);
  const [, traceId = "", spanId = "", flags = ""] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(echo.traceparent?.[0] ?? "") ?? [];
  assert.notEqual(traceId, "", `traceparent is malformed: ${echo.traceparent?.[0]}`);
  return { traceId, spanId, flags };
}

function checkAttributes(span: ReceivedSpan, expected: Record<string, string | number>): void {
  for (const [key, value] of Object.entries(expected)) {
    assert.equal(span.attributes[key], value, `${span.kind} ${key}`);
  }
}

function checkTimes(inner: ReceivedSpan, outer: ReceivedSpan): void {
  assert.ok(inner.startNs <= inner.endNs, `${inner.kind} ends before it starts`);
  assert.ok(outer.startNs <= inner.startNs, `${inner.kind} starts before its parent`);
}

/** Checks what came of one request that was sampled. `spans`: all of its trace. */
export function checkTrace(
  result: LoadResult<Echo>,
  spans: readonly ReceivedSpan[],
  services: Services,
): void {
  const { request, status, body } = result;
  assert.ok(body, `no answer: ${result.error}`);
  const sent = request.context;
  const seen = receivedContext(body);
  assert.equal(spans.length, 3, `${spans.length} spans: ${spans.map((span) => span.name).join(", ")}`);
  const client = spans.find((span) => span.kind === "CLIENT");
  const servers = spans.filter((span) => span.kind === "SERVER");
  const frontServer = servers.find((span) => span.spanId === client?.parentId);
  const backServer = servers.find((span) => span.parentId === client?.spanId);
  assert.ok(client && frontServer && backServer, "no chain of front server, front client, back server");

  assert.equal(frontServer.parentId, sent?.spanId ?? "", "parent of front's server span");
  assert.equal(client.traceId, sent?.traceId ?? seen.traceId, "trace id");
  assert.equal(seen.traceId, client.traceId, "trace id that back received");
  assert.equal(seen.spanId, client.spanId, "span id that back received");
  assert.equal(seen.flags, "01", "flags that back received");
  assert.deepEqual(
    body.tracestate ?? [],
    sent?.tracestate ? [sent.tracestate] : [],
    "tracestate that back received",
  );

  const method = request.method ?? "GET";
  const [path = "", query = ""] = request.path.split("?");
  const common = {
    "http.request.method": method,
    "http.response.status_code": status,
    "network.protocol.version": "1.1",
  };
  checkAttributes(frontServer, { ...common, "url.path": path, "url.query": query, "url.scheme": "http" });
  checkAttributes(backServer, { ...common, "url.path": "/back", "url.query": query, "url.scheme": "http" });
  checkAttributes(client, {
    ...common,
    "url.full": `http://${services.back.host}/back?${query}`,
    "server.address": "127.0.0.1",
    "server.port": services.back.port,
    "network.peer.address": "127.0.0.1",
    "network.peer.port": services.back.port,
  });
  checkAttributes(backServer, { "server.address": "127.0.0.1", "server.port": services.back.port });
  checkAttributes(frontServer, { "server.address": "127.0.0.1", "server.port": services.front.port });
  checkAttributes(backServer, { "client.address": "127.0.0.1" });

  // ServeMux keeps the pattern that matched from Go 1.22 on.
  const hasPattern = Number(services.goVersion.split(".")[1]) >= 22;
  assert.equal(client.name, method);
  for (const [span, route] of [[frontServer, "/front"], [backServer, "/back"]] as const) {
    assert.equal(span.name, hasPattern ? `${method} ${route}` : method);
    assert.equal(span.attributes["http.route"], hasPattern ? route : undefined);
    assert.equal(span.statusCode, status >= 500 ? 2 : 0, `status of ${span.name}`);
  }
  assert.equal(client.statusCode, status >= 400 ? 2 : 0, "status of the client span");
  assert.equal(
    client.attributes["error.type"],
    status >= 400 ? String(status) : undefined,
    "client error.type",
  );

  for (const span of spans) {
    assert.equal(span.flags & 0xff, 1, `flags of ${span.name}`);
    // The record of a call has no room for it; what matters is that it went over the wire.
    if (span !== client) assert.equal(span.traceState, sent?.tracestate ?? "", `tracestate of ${span.name}`);
    const pid: number = span === backServer ? services.back.pid : services.front.pid;
    assert.equal(span.resource["process.pid"], pid, `process of ${span.name}`);
    assert.equal(span.resource["process.runtime.version"], `go${services.goVersion}`);
  }
  checkTimes(client, frontServer);
  checkTimes(backServer, client);
}

/** Checks what came of one request that was not sampled: no span, and a header that says so. */
export function checkUnsampled(result: LoadResult<Echo>): void {
  assert.ok(result.body, `no answer: ${result.error}`);
  const seen = receivedContext(result.body);
  const sent = result.request.context;
  assert.equal(seen.flags, "00", "flags that back received");
  assert.equal(seen.traceId, sent?.traceId, "trace id that back received");
  assert.notEqual(seen.spanId, sent?.spanId, "back received the caller's own span id");
}
