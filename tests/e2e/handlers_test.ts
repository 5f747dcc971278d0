/** Handlers that end in unusual ways: each has exactly one server span that tells how. */
import assert from "node:assert/strict";
import { freshContext, traceparentOf } from "../support/load.ts";
import { rawRequest } from "../support/raw_http.ts";
import { rootTest } from "../support/root.ts";
import { type Bench, only, sharedBench } from "./bench.ts";
import type { ReceivedSpan } from "../support/span.ts";

const { versions, bench } = sharedBench(["1.17.13", "1.21.13", "1.27.4"]);

/** Sends a request whose answer need not be one, and returns its only span. */
async function rawExchange(
  on: Bench,
  path: string,
): Promise<{ status: number; body: string; tookMs: number; span: ReceivedSpan }> {
  const context = freshContext();
  const header = `traceparent: ${traceparentOf(context)}`;
  const beganMs = performance.now();
  const { status, body } = await rawRequest(on.front.host, `GET ${path} HTTP/1.1`, [header]);
  const tookMs = performance.now() - beganMs;
  const spans = await on.settle(1);
  const span = only(spans, "SERVER");
  assert.deepEqual({ traceId: span.traceId, parentId: span.parentId }, {
    traceId: context.traceId,
    parentId: context.spanId,
  });
  return { status, body, tookMs, span };
}

/** Longer than a test. */
const NEVER_MS = 600_000;

function durationMs(span: ReceivedSpan): number {
  return Number(span.endNs - span.startNs) / 1e6;
}

for (const version of versions) {
  const handlerTest = (name: string, run: (on: Bench) => Promise<void>) =>
    rootTest(`Go ${version}: ${name}`, async () => await run(await bench(version)));

  handlerTest("a handler that panics has a server span with an error", async (on) => {
    const { status, span } = await rawExchange(on, "/panic");
    assert.equal(status, 0, "net/http answers nothing");
    assert.equal(span.statusCode, 2);
    assert.ok(span.attributes["error.type"], "error.type");
  });

  handlerTest("a handler that panics does not disturb the next request", async (on) => {
    const { status, span } = await rawExchange(on, "/ping");
    assert.equal(status, 200);
    assert.equal(span.statusCode, 0);
  });

  handlerTest("a handler that hijacks its connection has a server span without an error", async (on) => {
    const { body, span } = await rawExchange(on, "/hijack");
    assert.equal(body, "hijacked");
    assert.equal(span.statusCode, 0);
    assert.equal(span.attributes["url.path"], "/hijack");
  });

  handlerTest("a handler that times out has a span of status 503 that ends at the time-out", async (on) => {
    const { status, span } = await rawExchange(on, `/timeout?ms=${NEVER_MS}`);
    assert.equal(status, 503);
    assert.equal(span.attributes["http.response.status_code"], 503);
    assert.equal(span.statusCode, 2);
    assert.ok(durationMs(span) >= 50 && durationMs(span) < NEVER_MS, `${durationMs(span)} ms`);
  });

  handlerTest("a handler that streams for two seconds has a span as long", async (on) => {
    const { status, tookMs, span } = await rawExchange(on, "/stream");
    assert.equal(status, 200);
    assert.equal(span.attributes["http.response.status_code"], 200);
    assert.ok(durationMs(span) >= 1900 && durationMs(span) <= tookMs, `${durationMs(span)} of ${tookMs} ms`);
  });

  handlerTest("a request that no handler is registered for has a span of status 404", async (on) => {
    const { status, span } = await rawExchange(on, "/nowhere");
    assert.equal(status, 404);
    assert.equal(span.attributes["http.response.status_code"], 404);
    assert.equal(span.attributes["http.route"], undefined);
    assert.equal(span.statusCode, 0);
  });
}
