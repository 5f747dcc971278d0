/** What becomes of a handled request, checked on every family with captures that its own plans made. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { SampleRequest, SampleResponse } from "../../decoder-as/samples/sample_heap.ts";
import { Fixture, packs } from "./fixture.ts";
import { KIND_SERVER, STATUS_ERROR } from "./spans.ts";

const NEWEST = "go1.27.4";
const FULL_REQUEST: SampleRequest = {
  method: "POST",
  target: "/items/42?page=3",
  host: "shop.example.com:8080",
  remote: "10.1.2.3:54321",
  pattern: "POST shop.example.com/items/{id}",
  contentLength: 12,
};

function span(
  request: SampleRequest,
  response: SampleResponse = { status: 200 },
  head = {},
  goVersion = NEWEST,
) {
  const fixture = new Fixture(goVersion);
  const [decoded] = fixture.decode(...fixture.server(request, response, head));
  assert.ok(decoded);
  return decoded;
}

for (const { manifest } of packs) {
  const version = `${manifest.name}${manifest.name.split(".").length === 2 ? ".0" : ""}`;
  const hasRoute = !["go1.17", "go1.19", "go1.20", "go1.21"].includes(manifest.name);

  Deno.test(`${manifest.name}: a request gives a span with everything that was captured`, () => {
    const fixture = new Fixture(version);
    fixture.decoder.setRealtimeOffset(1_700_000_000_000_000_000n);
    const [decoded] = fixture.decode(...fixture.server(FULL_REQUEST, { status: 201, written: 777 }, {
      start: { parentId: "00f067aa0ba902b7", parent: wire.PARENT_REMOTE, tracestate: "vendor=1" },
    }));
    assert.deepEqual(decoded, {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceState: "vendor=1",
      parentSpanId: "00f067aa0ba902b7",
      name: hasRoute ? "POST /items/{id}" : "POST",
      kind: KIND_SERVER,
      startNs: 1_700_000_001_000_000_000n,
      endNs: 1_700_000_001_500_000_000n,
      attributes: {
        "http.request.method": "POST",
        "url.path": "/items/42",
        "url.query": "page=3",
        "url.scheme": "http",
        ...hasRoute ? { "http.route": "/items/{id}" } : {},
        "http.response.status_code": 201,
        "server.address": "shop.example.com",
        "server.port": 8080,
        "client.address": "10.1.2.3",
        "network.peer.address": "10.1.2.3",
        "network.peer.port": 54321,
        "network.protocol.version": "1.1",
        "http.request.body.size": 12,
        "http.response.body.size": 777,
      },
      status: 0,
      flags: 0x301,
    });
  });

  Deno.test(`${manifest.name}: a request over HTTP/2 gives status, size and what route its structs tell`, () => {
    const request = { ...FULL_REQUEST, major: 2, tls: true };
    const { name, attributes } = span(request, { status: 404, written: 5 }, { h2: true }, version);
    const h2HasRoute = hasRoute && manifest.name !== "go1.27";
    assert.equal(name, h2HasRoute ? "POST /items/{id}" : "POST");
    assert.equal(attributes["http.response.status_code"], 404);
    assert.equal(attributes["http.response.body.size"], 5);
    assert.equal(attributes["network.protocol.version"], "2");
    assert.equal(attributes["url.scheme"], "https");
  });
}

Deno.test("server span: a handler that set nothing answered 200", () => {
  assert.equal(span({}, {}).attributes["http.response.status_code"], 200);
});

Deno.test("server span: a status of 5xx is an error, one of 4xx is not", () => {
  const failed = span({}, { status: 503 });
  assert.equal(failed.status, STATUS_ERROR);
  assert.equal(failed.attributes["error.type"], "503");
  const refused = span({}, { status: 404 });
  assert.equal(refused.status, 0);
  assert.equal(refused.attributes["error.type"], undefined);
});

Deno.test("server span: a panic is an error, with the status only when one was sent", () => {
  const end = { outcome: wire.OUTCOME_PANIC };
  const silent = span({}, {}, { end });
  assert.equal(silent.status, STATUS_ERROR);
  assert.equal(silent.attributes["error.type"], "panic");
  assert.equal(silent.attributes["http.response.status_code"], undefined);
  const late = span({}, { status: 200 }, { end });
  assert.equal(late.attributes["error.type"], "panic");
  assert.equal(late.attributes["http.response.status_code"], 200);
});

Deno.test("server span: a hijacked connection has no status and is no error", () => {
  const hijacked = span({}, { status: 101 }, { end: { outcome: wire.OUTCOME_HIJACKED } });
  assert.equal(hijacked.status, 0);
  assert.equal(hijacked.attributes["http.response.status_code"], undefined);
  assert.equal(hijacked.attributes["http.response.body.size"], undefined);
});

Deno.test("server span: an unknown method is _OTHER with the original beside it, the name says HTTP", () => {
  const { name, attributes } = span({ method: "PURGE", pattern: "/cache" });
  assert.equal(name, "HTTP /cache");
  assert.equal(attributes["http.request.method"], "_OTHER");
  assert.equal(attributes["http.request.method_original"], "PURGE");
});

Deno.test("server span: each of the nine known methods is taken as it is, lower case is not", () => {
  for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]) {
    assert.equal(span({ method }).attributes["http.request.method"], method);
  }
  assert.equal(span({ method: "get" }).attributes["http.request.method_original"], "get");
  assert.equal(span({ method: "GETTER" }).attributes["http.request.method_original"], "GETTER");
});

Deno.test("server span: the request target's forms give path and query", () => {
  const paths: [target: string, path: string | undefined, query: string | undefined][] = [
    ["/", "/", undefined],
    ["/a/b", "/a/b", undefined],
    ["/a?x=1&y=2", "/a", "x=1&y=2"],
    ["/a?", "/a", undefined],
    ["/a?b?c", "/a", "b?c"],
    ["/%20a", "/%20a", undefined],
    ["*", "*", undefined],
    ["http://other/x/y?q", "/x/y", "q"],
    ["http://other", "/", undefined],
    ["http://other?q", "/", "q"],
    ["other.example:443", undefined, undefined],
    ["", undefined, undefined],
  ];
  for (const [target, path, query] of paths) {
    const { attributes } = span({ target });
    assert.equal(attributes["url.path"], path, target);
    assert.equal(attributes["url.query"], query, target);
  }
});

Deno.test("server span: values of the four sensitive query parameters are redacted, and only those", () => {
  const cases: [query: string, expected: string][] = [
    ["sig=abc", "sig=REDACTED"],
    ["a=1&sig=abc&b=2", "a=1&sig=REDACTED&b=2"],
    [
      "Signature=x&AWSAccessKeyId=y&X-Goog-Signature=z",
      "Signature=REDACTED&AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED",
    ],
    ["sig=", "sig=REDACTED"],
    ["sig", "sig"],
    ["Sig=abc&signature=x", "Sig=abc&signature=x"],
    ["sig=a=b&&x", "sig=REDACTED&&x"],
    ["asig=1&sigs=2", "asig=1&sigs=2"],
    ["sig=1&", "sig=REDACTED&"],
    [`long=${"x".repeat(300)}&sig=${"y".repeat(100)}`, `long=${"x".repeat(300)}&sig=REDACTED`],
  ];
  for (const [query, expected] of cases) {
    assert.equal(span({ target: `/p?${query}` }).attributes["url.query"], expected);
  }
});

Deno.test("server span: the route is the pattern without method and host", () => {
  const routes: [pattern: string, route: string | undefined][] = [
    ["/x", "/x"],
    ["GET /x/{id...}", "/x/{id...}"],
    ["example.com/", "/"],
    ["GET example.com/x/{$}", "/x/{$}"],
    ["", undefined],
    ["nothing", undefined],
  ];
  for (const [pattern, route] of routes) assert.equal(span({ pattern }).attributes["http.route"], route);
});

Deno.test("server span: host and peer are taken apart into address and port", () => {
  const hosts: [host: string, address: string | undefined, port: number | undefined][] = [
    ["example.com", "example.com", undefined],
    ["example.com:80", "example.com", 80],
    ["[::1]:8080", "::1", 8080],
    ["[::1]", "::1", undefined],
    ["::1", "::1", undefined],
    ["h:99999", "h", undefined],
    ["h:", "h", undefined],
    ["h:8x", "h", undefined],
    [":80", undefined, undefined],
    ["[", undefined, undefined],
    ["", undefined, undefined],
  ];
  for (const [host, address, port] of hosts) {
    const { attributes } = span({ host });
    assert.equal(attributes["server.address"], address, host);
    assert.equal(attributes["server.port"], port, host);
  }
  const v6 = span({ remote: "[fe80::1%eth0]:4000" }).attributes;
  assert.equal(v6["client.address"], "fe80::1%eth0");
  assert.equal(v6["network.peer.port"], 4000);
  assert.equal(span({ remote: "@" }).attributes["client.address"], undefined);
});

Deno.test("server span: an answer to HEAD has no body size", () => {
  assert.equal(span({ method: "HEAD" }, { written: 10 }).attributes["http.response.body.size"], undefined);
});

Deno.test("server span: a body of unknown size is left out, a size beyond 32 bits is not cut", () => {
  assert.equal(span({ contentLength: -1 }).attributes["http.request.body.size"], undefined);
  assert.equal(span({ contentLength: 5_000_000_000 }).attributes["http.request.body.size"], 5_000_000_000);
});

Deno.test("server span: flags carry the sampled bit and where the parent was", () => {
  assert.equal(span({}, {}, { start: { traceFlags: 0 } }).flags, 0x100);
  assert.equal(span({}, {}, { start: { traceFlags: 3, parent: wire.PARENT_REMOTE } }).flags, 0x303);
});

Deno.test("server span: no parent id gives a root", () => {
  assert.equal(span({}).parentSpanId, "");
});

Deno.test("server span: an end before its start is moved to the start", () => {
  const { startNs, endNs } = span({}, {}, { start: { timeNs: 2_000_000_000n } });
  assert.equal(endNs, startNs);
});

Deno.test("server span: a target longer than the capture is cut between characters", () => {
  const { attributes } = span({ target: `/${"x".repeat(510)}ä` });
  assert.equal(attributes["url.path"], `/${"x".repeat(510)}`);
});

Deno.test("server span: the name takes two length bytes as well as three", () => {
  const long = "/" + "p".repeat(127);
  const { name } = span({ method: "GET", pattern: long });
  assert.equal(name, `GET ${long}`);
});
