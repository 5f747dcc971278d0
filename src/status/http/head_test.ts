import { deepEqual, equal, throws } from "node:assert/strict";
import { HttpError, parseHead } from "./head.ts";

const parse = (...lines: string[]) => parseHead(lines.join("\r\n"));
const refused = (status: number, ...lines: string[]) =>
  throws(
    () => parse(...lines),
    (error) => error instanceof HttpError && error.status === status,
    lines.join("|"),
  );

Deno.test("parseHead() reads a request of HTTP/1.1", () => {
  const head = parse(
    "PUT /a/b?c=%20 HTTP/1.1",
    "Host: node-1:9810",
    "content-length:  17\t",
    "X-Empty:",
    "Expect: 100-continue",
  );
  const { headers, ...rest } = head;
  deepEqual(rest, {
    method: "PUT",
    url: "http://localhost/a/b?c=%20",
    bodyBytes: 17,
    expectsContinue: true,
    keepAlive: true,
  });
  equal(headers.get("host"), "node-1:9810");
  equal(headers.get("x-empty"), "");
});

Deno.test("parseHead() keeps what the target names from being taken for a host", () => {
  equal(new URL(parse("GET //evil.example/x HTTP/1.1", "Host: a").url).host, "localhost");
  equal(new URL(parse("GET /@evil.example HTTP/1.1", "Host: a").url).host, "localhost");
});

Deno.test("parseHead() takes a target in absolute form, whose host is the one that counts", () => {
  const { url, headers } = parse("GET http://evil.example/x?y HTTP/1.1", "Host: localhost");
  equal(url, "http://localhost/x?y");
  equal(headers.get("host"), "evil.example");
});

Deno.test("parseHead() says whether another request may follow", () => {
  const keeps = (line: string, ...more: string[]) => parse(line, "Host: a", ...more).keepAlive;
  equal(keeps("GET / HTTP/1.1"), true);
  equal(keeps("GET / HTTP/1.1", "Connection: keep-alive"), true);
  equal(keeps("GET / HTTP/1.1", "Connection: Close"), false);
  equal(keeps("GET / HTTP/1.1", "Connection: upgrade , close"), false);
  equal(keeps("GET / HTTP/1.0", "Connection: keep-alive"), false);
});

Deno.test("parseHead() wants a Host of HTTP/1.1 only", () => {
  refused(400, "GET / HTTP/1.1");
  equal(parse("GET / HTTP/1.0").headers.has("host"), false);
});

Deno.test("parseHead() refuses what is malformed or ambiguous", () => {
  const host = "Host: a";
  refused(400, "");
  refused(400, "GET /");
  refused(400, "GET / HTTP/2.0", host);
  refused(400, "GET  / HTTP/1.1", host);
  refused(400, "GET / HTTP/1.1 ", host);
  refused(400, "G ET / HTTP/1.1", host);
  refused(400, "PRI * HTTP/2.0");
  refused(400, "GET evil HTTP/1.1", host);
  refused(400, "GET ftp://a/ HTTP/1.1", host);
  refused(400, "GET / HTTP/1.1", host, "Host: b");
  refused(400, "GET / HTTP/1.1", host, " folded: 1");
  refused(400, "GET / HTTP/1.1", host, "Name : 1");
  refused(400, "GET / HTTP/1.1", host, "no colon");
  refused(400, "GET / HTTP/1.1", host, "A: \x00");
  refused(400, "GET / HTTP/1.1", host, "A: x\ny: z");
  refused(400, "GET / HTTP/1.1", host, "A: x\ry: z");
  refused(400, "PUT / HTTP/1.1", host, "Content-Length: 1", "Content-Length: 2");
  refused(400, "PUT / HTTP/1.1", host, "Content-Length: +1");
  refused(400, "PUT / HTTP/1.1", host, "Content-Length: 1, 1");
  refused(400, "PUT / HTTP/1.1", host, "Content-Length: 99999999999999999999");
});

Deno.test("parseHead() refuses chunks, methods that no app can have, and too many headers", () => {
  refused(411, "PUT / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
  refused(411, "PUT / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Content-Length: 3");
  for (const method of ["CONNECT", "TRACE", "track"]) refused(501, `${method} / HTTP/1.1`, "Host: a");
  const many = Array.from({ length: 99 }, (_, index) => `a${index}: 1`);
  equal(parse("GET / HTTP/1.1", "Host: a", ...many).method, "GET");
  refused(431, "GET / HTTP/1.1", "Host: a", "b: 1", ...many);
});
