/** What becomes of an outgoing call, checked on every family with captures that its own plans made. */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import type { SampleClientResponse, SampleUrl } from "../../decoder-as/samples/sample_heap.ts";
import type { Head } from "../../decoder-as/samples/plan_runner.ts";
import { Fixture, packs } from "./fixture.ts";
import { KIND_CLIENT, STATUS_ERROR } from "./spans.ts";

/** A URL and what Go makes of it; see testdata/urls.go. Paths and results are bytes in base64. */
interface UrlSample {
  readonly scheme: string;
  readonly opaque: string;
  readonly host: string;
  readonly path: string;
  readonly rawPath: string;
  readonly query: string;
  readonly forceQuery: boolean;
  readonly full: string;
}

const URLS = new URL("testdata/urls.jsonl", import.meta.url);
const NEWEST = "go1.27.4";
const AF_INET = 2;
const AF_INET6 = 10;

interface Call {
  readonly method?: string;
  readonly url?: SampleUrl;
  readonly contentLength?: number;
}

function span(call: Call, response: SampleClientResponse | null = {}, end: Head = {}, goVersion = NEWEST) {
  const fixture = new Fixture(goVersion);
  const [decoded] = fixture.decode(...fixture.client(call, response, { end }));
  assert.ok(decoded);
  return decoded;
}

for (const { manifest } of packs) {
  const version = `${manifest.name}${manifest.name.split(".").length === 2 ? ".0" : ""}`;

  Deno.test(`${manifest.name}: a call gives a span with everything that was captured`, () => {
    const fixture = new Fixture(version);
    const url = {
      scheme: "http",
      user: true,
      host: "stock.internal:8081",
      path: "/a/ä",
      rawPath: "/a/%c3%A4",
      query: "q=1",
    };
    const [decoded] = fixture.decode(
      ...fixture.client(
        { method: "PUT", url, contentLength: 9 },
        { status: 204, contentLength: 0, major: 2 },
        {
          start: { parentId: "00f067aa0ba902b7", parent: wire.PARENT_GOROUTINE },
          end: { attempts: 3, peer: { family: AF_INET, address: [10, 0, 200, 1], port: 8081 } },
        },
      ),
    );
    assert.deepEqual(decoded, {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceState: "",
      parentSpanId: "00f067aa0ba902b7",
      name: "PUT",
      kind: KIND_CLIENT,
      startNs: 1_000_000_000n,
      endNs: 1_500_000_000n,
      attributes: {
        "http.request.method": "PUT",
        "server.address": "stock.internal",
        "server.port": 8081,
        "url.full": "http://REDACTED:REDACTED@stock.internal:8081/a/%c3%A4?q=1",
        "http.request.body.size": 9,
        "network.peer.address": "10.0.200.1",
        "network.peer.port": 8081,
        "http.request.resend_count": 2,
        "network.protocol.version": "2",
        "http.response.status_code": 204,
        "http.response.body.size": 0,
      },
      status: 0,
      flags: 0x101,
    });
  });
}

Deno.test("url.full: is what Go's own URL.String makes of the URL", () => {
  const text = (base64: string) => Uint8Array.fromBase64(base64);
  const urls = Deno.readTextFileSync(URLS).trim().split("\n").map((line) => JSON.parse(line) as UrlSample);
  const fixture = new Fixture(NEWEST);
  for (const { scheme, opaque, host, path, rawPath, query, forceQuery, full } of urls) {
    const url = { scheme, opaque, host, path: text(path), rawPath: text(rawPath), query, forceQuery };
    const fresh = new Fixture(NEWEST);
    const [decoded] = fixture.decode(...fresh.client({ url }, {}));
    assert.equal(decoded!.attributes["url.full"], new TextDecoder().decode(text(full)));
  }
  assert.ok(urls.length > 600);
});

Deno.test("url.full: sensitive query values and user info of an opaque URL are redacted", () => {
  const full = (url: SampleUrl) => span({ url }).attributes["url.full"];
  assert.equal(full({ query: "a=1&sig=secret" }), "http://example.com?a=1&sig=REDACTED");
  assert.equal(full({ opaque: "//me:secret@host/p" }), "http://REDACTED:REDACTED@host/p");
  assert.equal(full({ opaque: "//host/p@q" }), "http://host/p@q");
});

Deno.test("url.full: of a path that was cut, the captured beginning is told", () => {
  const path = "/" + "p".repeat(400);
  assert.equal(span({ url: { path } }).attributes["url.full"], `http://example.com${path.slice(0, 352)}`);
  const rawPath = "/" + "%70".repeat(400);
  assert.equal(
    span({ url: { path, rawPath } }).attributes["url.full"],
    `http://example.com${rawPath.slice(0, 256)}`,
  );
});

Deno.test("client span: the port is the URL's, else the scheme's", () => {
  const port = (url: SampleUrl) => span({ url }).attributes["server.port"];
  assert.equal(port({ host: "h:81" }), 81);
  assert.equal(port({ host: "h" }), 80);
  assert.equal(port({ scheme: "https", host: "[::1]" }), 443);
  assert.equal(port({ scheme: "ftp", host: "h" }), undefined);
});

Deno.test("client span: an empty method is GET", () => {
  assert.equal(span({ method: "" }).name, "GET");
});

Deno.test("client span: 4xx and 5xx are errors, 3xx is not", () => {
  for (const status of [400, 404, 500, 503]) {
    const failed = span({}, { status });
    assert.equal(failed.status, STATUS_ERROR);
    assert.equal(failed.attributes["error.type"], String(status));
  }
  assert.equal(span({}, { status: 302 }).status, 0);
});

Deno.test("client span: a call that failed has an error type and no response", () => {
  const { status, attributes } = span({}, null);
  assert.equal(status, STATUS_ERROR);
  assert.equal(attributes["error.type"], "_OTHER");
  assert.equal(attributes["http.response.status_code"], undefined);
  assert.equal(attributes["network.protocol.version"], undefined);
});

Deno.test("client span: the peer's address is written as RFC 5952 asks", () => {
  const peers: [groups: number[], text: string][] = [
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 2, 1], "2001:db8::2:1"],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
    [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 0], "fe80::"],
    [[0xabcd, 0xef, 0x10, 0x5, 0x600, 0x7000, 0x8, 0x9], "abcd:ef:10:5:600:7000:8:9"],
    [[0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], "127.0.0.1"],
  ];
  for (const [groups, text] of peers) {
    const address = groups.flatMap((group) => [group >> 8, group & 0xff]);
    const { attributes } = span({}, {}, { peer: { family: AF_INET6, address, port: 1 } });
    assert.equal(attributes["network.peer.address"], text);
  }
  assert.equal(span({}, {}).attributes["network.peer.address"], undefined);
});

Deno.test("client span: one attempt is no resend", () => {
  assert.equal(span({}, {}, { attempts: 1 }).attributes["http.request.resend_count"], undefined);
});
