import { deepEqual, equal } from "node:assert/strict";
import { makeStatusApp } from "../../tests/support/status_app.ts";
import type { StaticFile } from "./page.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const FILES: Readonly<Record<string, StaticFile>> = {
  "/": { bytes: bytes("<!doctype html>"), contentType: "text/html; charset=utf-8", etag: '"1"' },
  "/assets/app.js": {
    bytes: bytes("let a"),
    gzip: bytes("short"),
    contentType: "text/javascript; charset=utf-8",
    etag: '"2"',
  },
};
const { app } = makeStatusApp({ page: { get: (path) => FILES[path] ?? null } });

Deno.test("GET / and /assets/* answer the files, with a policy that lets them load nothing from elsewhere", async () => {
  const page = await app.request("/");
  equal(page.status, 200);
  equal(await page.text(), "<!doctype html>");
  equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  equal(
    page.headers.get("content-security-policy"),
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  equal(page.headers.get("x-content-type-options"), "nosniff");
  equal(page.headers.get("cache-control"), "no-cache");
  equal(await (await app.request("/assets/app.js")).text(), "let a");
});

Deno.test("GET /assets/* answers 404 for what is not there, and 405 for changes", async () => {
  for (const path of ["/assets/none.js", "/assets/", "/assets/%2e%2e/x", "/index.html"]) {
    const response = await app.request(path);
    equal(response.status, 404, path);
    equal(response.headers.get("content-type"), "application/problem+json");
  }
  for (const path of ["/", "/assets/app.js"]) {
    const response = await app.request(path, { method: "POST" });
    deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
  }
});

Deno.test("GET /assets/* answers compressed only to those who accept it", async () => {
  const f = async (accept: string, encoding: string | null) => {
    const response = await app.request("/assets/app.js", { headers: { "accept-encoding": accept } });
    equal(response.headers.get("content-encoding"), encoding, accept);
    equal(await response.text(), encoding === null ? "let a" : "short", accept);
    equal(response.headers.get("vary"), "accept-encoding");
  };
  await f("gzip", "gzip");
  await f("br, gzip;q=0.5", "gzip");
  await f("br", null);
  await f("gzip;q=0", null);
  await f("gzip; q=0.0", null);
  equal(
    (await app.request("/", { headers: { "accept-encoding": "gzip" } })).headers.get("content-encoding"),
    null,
  );
});

Deno.test("GET / answers 304 to those who have it, each form apart", async () => {
  const f = async (path: string, headers: Record<string, string>) =>
    (await app.request(path, { headers })).status;
  const etag = (await app.request("/", {})).headers.get("etag")!;
  const zipped = (await app.request("/assets/app.js", { headers: { "accept-encoding": "gzip" } })).headers
    .get("etag")!;
  equal(await f("/", { "if-none-match": etag }), 304);
  equal(await f("/", { "if-none-match": `"x", W/${etag}` }), 304);
  equal(await f("/", { "if-none-match": "*" }), 304);
  equal(await f("/", { "if-none-match": '"x"' }), 200);
  equal(await f("/assets/app.js", { "if-none-match": zipped }), 200);
  equal(await f("/assets/app.js", { "if-none-match": zipped, "accept-encoding": "gzip" }), 304);
});
