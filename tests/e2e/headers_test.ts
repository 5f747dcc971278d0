/** What goes over the wire: the trace header in every situation, and everything else unchanged. */
import assert from "node:assert/strict";
import { freshContext, traceparentOf } from "../support/load.ts";
import { rawRequest } from "../support/raw_http.ts";
import { rootTest } from "../support/root.ts";
import type { ReceivedSpan } from "../support/span.ts";
import { assertReceived, type Bench, chainOf, type Echo, only, sharedBench } from "./bench.ts";

const { versions, bench } = sharedBench(["1.17.13", "1.23.12", "1.27.4"]);
const BODY_BYTES = 10 * 1024 * 1024;

/** Sends headers as they are through front's reverse proxy; three spans must come of it. */
async function throughProxy(
  on: Bench,
  headers: string[],
): Promise<{ echo: Echo; spans: readonly ReceivedSpan[] }> {
  const { status, body } = await rawRequest(on.front.host, "GET /echo HTTP/1.1", headers);
  assert.equal(status, 200);
  return { echo: JSON.parse(body), spans: await on.settle(3) };
}

for (const version of versions) {
  const headerTest = (name: string, run: (on: Bench) => Promise<void>) =>
    rootTest(`Go ${version}: ${name}`, async () => await run(await bench(version)));

  headerTest("a reverse proxy's copy of a valid traceparent is rewritten to the client span", async (on) => {
    const context = freshContext("01", "vendor=1");
    const { echo, spans } = await throughProxy(on, [
      `traceparent: ${traceparentOf(context)}`,
      "tracestate: vendor=1",
    ]);
    const { frontServer, client } = chainOf(spans);
    assert.equal(frontServer.parentId, context.spanId);
    assertReceived(echo, client);
    assert.deepEqual(echo.tracestate, ["vendor=1"]);
  });

  const malformed = [
    ["upper case", "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01"],
    ["a zero trace id", "00-00000000000000000000000000000000-b7ad6b7169203331-01"],
    ["version ff", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
    ["too short", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01"],
    ["longer than version 00 may be", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"],
  ] as const;
  for (const [what, traceparent] of malformed) {
    headerTest(`a traceparent with ${what} counts as absent, through a proxy too`, async (on) => {
      const { echo, spans } = await throughProxy(on, [`traceparent: ${traceparent}`, "tracestate: vendor=1"]);
      const { frontServer, client } = chainOf(spans);
      assert.equal(frontServer.parentId, "");
      assert.notEqual(frontServer.traceId, traceparent.slice(3, 35).toLowerCase());
      assertReceived(echo, client);
      assert.equal(echo.tracestate, null, "its tracestate goes with it");
    });
  }

  headerTest("a traceparent that comes twice counts as absent, through a proxy too", async (on) => {
    const { echo, spans } = await throughProxy(on, [
      `traceparent: ${traceparentOf(freshContext())}`,
      `traceparent: ${traceparentOf(freshContext())}`,
    ]);
    const { frontServer, client } = chainOf(spans);
    assert.equal(frontServer.parentId, "");
    assertReceived(echo, client);
  });

  headerTest("a traceparent of a later version is accepted by its first four fields", async (on) => {
    const context = freshContext();
    const { echo, spans } = await throughProxy(on, [
      `traceparent: cc-${context.traceId}-${context.spanId}-01-what-comes-later`,
    ]);
    const { frontServer, client } = chainOf(spans);
    assert.deepEqual([frontServer.traceId, frontServer.parentId], [context.traceId, context.spanId]);
    assertReceived(echo, client);
  });

  headerTest("a tracestate of more than 256 bytes is left out", async (on) => {
    const tracestate = `vendor=${"x".repeat(250)}`;
    const { result, trace } = await on.exchange("/call", 3, { context: freshContext("01", tracestate) });
    assertReceived(result.body, chainOf(trace).client);
    assert.equal(result.body?.tracestate, null);
  });

  headerTest("a traceparent that the program sets itself is left alone", async (on) => {
    const own = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
    const { result } = await on.exchange(`/custom?traceparent=${own}`, 3);
    assert.deepEqual(result.body?.traceparent, [own]);
  });

  headerTest("a URL of 8 kB arrives whole, with the header", async (on) => {
    const suffix = `?q=${"a".repeat(8192)}`;
    const { result, trace } = await on.exchange(`/custom?suffix=${encodeURIComponent(suffix)}`, 3);
    const { client } = chainOf(trace);
    assertReceived(result.body, client);
    assert.equal(result.body?.uri, `/echo${suffix}`);
    const url = String(client.attributes["url.full"]);
    assert.ok(`${on.back.url}/echo${suffix}`.startsWith(url.slice(0, 200)), url.slice(0, 100));
  });

  headerTest("200 headers arrive all, with the header", async (on) => {
    const { result, trace } = await on.exchange("/custom?headers=200", 3);
    assertReceived(result.body, chainOf(trace).client);
    // User-Agent, Accept-Encoding and traceparent besides.
    assert.equal(result.body?.headers, 203);
  });

  for (const [kind, query] of [["a length", ""], ["chunks", "&chunked=1"]] as const) {
    headerTest(`a body of 10 MB with ${kind} arrives byte for byte, with the header`, async (on) => {
      const { result, trace } = await on.exchange(`/post?bytes=${BODY_BYTES}${query}`, 3);
      assertReceived(result.body, chainOf(trace).client);
      assert.equal(result.body?.bytes, BODY_BYTES);
      assert.equal(result.body?.sha256, result.headers.get("x-sha256"));
    });
  }

  headerTest("an unknown method is traced as _OTHER, on both sides, and arrives unchanged", async (on) => {
    const { result, trace } = await on.exchange(`/custom?method=${encodeURIComponent("BREW!#$")}`, 3);
    assert.equal(result.body?.method, "BREW!#$");
    const { client, backServer } = chainOf(trace);
    assertReceived(result.body, client);
    for (const span of [client, backServer]) {
      assert.equal(span.attributes["http.request.method"], "_OTHER");
      assert.equal(span.attributes["http.request.method_original"], "BREW!#$");
      assert.match(span.name, /^HTTP\b/);
    }
  });

  const oddPaths = [
    "/%00%ff%2f..%2F/x",
    "/a b",
    "/caf\xc3\xa9",
    "/broken\xff\xc3utf8",
    "//double//slash",
    "/;=,@&",
  ];
  for (const path of oddPaths) {
    headerTest(`the path ${JSON.stringify(path)} gives at most one span, of valid text`, async (on) => {
      const { status } = await rawRequest(on.front.host, `GET ${path} HTTP/1.1`);
      // net/http refuses a request line that it cannot parse before any handler is called.
      const spans = await on.settle(status === 400 ? 0 : 1);
      if (status === 400) return;
      const span = only(spans, "SERVER");
      const shown = String(span.attributes["url.path"]);
      assert.ok(shown.startsWith("/"), shown);
      assert.equal(shown.isWellFormed(), true);
      assert.equal(span.attributes["http.response.status_code"], status);
    });
  }
}
