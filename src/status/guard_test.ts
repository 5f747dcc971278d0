import { deepEqual, equal, match } from "node:assert/strict";
import { makeStatusApp, TOKEN } from "../../tests/support/status_app.ts";

const { app } = makeStatusApp({ hosts: () => ["agent.internal", "Node-1"] });

async function get(host: string): Promise<number> {
  const { status } = await app.request("/api/v1/targets", { headers: { host } });
  return status;
}

Deno.test("the API answers for localhost, addresses and the names that it was given, on any port", async () => {
  for (
    const host of [
      "localhost",
      "localhost:9810",
      "LOCALHOST",
      "127.0.0.1:9810",
      "10.1.2.3",
      "[::1]:80",
      "[::1]",
    ]
  ) {
    equal(await get(host), 200, host);
  }
  for (const host of ["agent.internal:9810", "AGENT.internal", "node-1"]) equal(await get(host), 200, host);
});

Deno.test("the API answers 421 for every other name, before anything else", async () => {
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "agent.internal.evil.example",
      "evil.example:9810",
      "localhost@evil.example",
      "evil.example/localhost",
      "",
      " ",
      "[::1",
    ]
  ) {
    equal(await get(host), 421, host);
  }
  const response = await app.request("/nowhere", { method: "PUT", headers: { host: "evil.example" } });
  equal(response.status, 421);
  const { code, remedy } = await response.json();
  equal(code, "host-not-allowed");
  match(remedy, /allowed_hosts/);
});

Deno.test("changes are refused from pages of another origin, reading is not", async () => {
  const post = async (headers: Record<string, string>, method = "POST") => {
    const response = await app.request("/api/v1/config/reload", {
      method,
      headers: { host: "localhost:9810", authorization: `Bearer ${TOKEN}`, ...headers },
    });
    return [response.status, (await response.json()).code];
  };
  const taken = [200, undefined];
  const refused = [403, "origin-not-allowed"];
  deepEqual(await post({}), taken);
  deepEqual(await post({ origin: "http://localhost:9810", "sec-fetch-site": "same-origin" }), taken);
  deepEqual(await post({ origin: "http://localhost:9811" }), refused);
  deepEqual(await post({ origin: "http://evil.example" }), refused);
  deepEqual(await post({ origin: "null" }), refused);
  deepEqual(await post({ "sec-fetch-site": "cross-site" }), refused);
  deepEqual(await post({ "sec-fetch-site": "same-site" }), refused);
  const reading = await app.request("/api/v1/targets", { headers: { origin: "http://evil.example" } });
  equal(reading.status, 200);
  equal(reading.headers.get("access-control-allow-origin"), null);
});

Deno.test("every answer carries the headers that keep browsers from doing more with it", async () => {
  for (const path of ["/api/v1/status", "/nowhere", "/metrics", "/api/v1/traces?x=1"]) {
    const { headers } = await app.request(path);
    equal(headers.get("x-content-type-options"), "nosniff", path);
    equal(headers.get("referrer-policy"), "no-referrer", path);
    equal(headers.get("cross-origin-resource-policy"), "same-origin", path);
    equal(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", path);
    equal(headers.get("cache-control"), "no-store", path);
  }
});
