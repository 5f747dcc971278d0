import { deepEqual, equal, match } from "node:assert/strict";
import {
  CHANGE,
  DECODERS,
  DETAIL,
  makeStatusApp,
  refusal as reason,
  TOKEN,
} from "../../tests/support/status_app.ts";
import type { DecoderRoutesOptions } from "./routes_decoders.ts";

function make(decoders: Partial<DecoderRoutesOptions["decoders"]> = {}) {
  const puts: [name: string, bytes: Uint8Array][] = [];
  const { app } = makeStatusApp({
    decoders: {
      list: () => Promise.resolve(DECODERS),
      get: (name) => Promise.resolve(name === DETAIL.name ? DETAIL : reason("decoder-unknown")),
      put: (name, bytes) => {
        puts.push([name, bytes]);
        return Promise.resolve(CHANGE);
      },
      rollback: () => Promise.resolve(CHANGE),
      ...decoders,
    },
  });
  const send = (method: string, path: string, options: { body?: BodyInit; token?: string | null } = {}) => {
    const { body, token = TOKEN } = options;
    return app.request(`/api/v1/decoders${path}`, {
      method,
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
  };
  return { app, puts, send };
}

Deno.test("GET /api/v1/decoders and /{name} answer without a token", async () => {
  const { send } = make();
  deepEqual(await (await send("GET", "", { token: null })).json(), DECODERS);
  const detail = await (await send("GET", "/go1.26", { token: null })).json();
  equal(detail.name, "go1.26");
  equal(detail.manifest.goRange, ">=1.26 <1.27");
});

Deno.test("GET /api/v1/decoders/{name} answers 404 with code and remedy for an unknown name", async () => {
  const response = await make().send("GET", "/go1.99");
  equal(response.status, 404);
  equal(response.headers.get("content-type"), "application/problem+json");
  deepEqual(await response.json(), {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "It is decoder-unknown",
    instance: "/api/v1/decoders/go1.99",
    code: "decoder-unknown",
    remedy: "Do otherwise",
  });
});

Deno.test("PUT /api/v1/decoders/{name} hands the body on and answers what changed", async () => {
  const { send, puts } = make();
  const response = await send("PUT", "/go1.26", { body: new Uint8Array([1, 2, 3]) });
  equal(response.status, 200);
  deepEqual(await response.json(), CHANGE);
  deepEqual(puts, [["go1.26", new Uint8Array([1, 2, 3])]]);
});

Deno.test("PUT and POST refuse a request without the token, or with another, before its body is read", async () => {
  const { send, puts } = make();
  for (const [method, path] of [["PUT", "/go1.26"], ["POST", "/go1.26/rollback"]] as const) {
    for (const token of [null, "", TOKEN.slice(1), TOKEN + "0", TOKEN.toUpperCase()]) {
      const response = await send(method, path, { token, ...(method === "PUT" ? { body: "x" } : {}) });
      equal(response.status, 401, `${method} ${token}`);
      match(response.headers.get("www-authenticate")!, /^Bearer /);
      const { code, remedy } = await response.json();
      equal(code, token ? "token-wrong" : "token-missing");
      equal(remedy.includes("TSUNAGI_API_TOKEN"), true);
      equal(remedy.includes(TOKEN), false);
    }
  }
  deepEqual(puts, []);
});

Deno.test("PUT answers 413 for a stream beyond 4 MiB and stops reading it", async () => {
  const { send, puts } = make();
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
    cancel() {
      cancelled = true;
    },
  });
  const response = await send("PUT", "/go1.26", { body });
  equal(response.status, 413);
  equal((await response.json()).code, "decoder-too-large");
  equal(cancelled, true);
  equal(pulled <= 7, true, `${pulled} MiB were read`);
  deepEqual(puts, []);
});

Deno.test("PUT takes a body of just 4 MiB, and believes a content-length that is too large", async () => {
  const { app, send, puts } = make();
  equal((await send("PUT", "/go1.26", { body: new Uint8Array(4 * 1024 * 1024) })).status, 200);
  const response = await app.request("/api/v1/decoders/go1.26", {
    method: "PUT",
    headers: { authorization: `Bearer ${TOKEN}`, "content-length": String(4 * 1024 * 1024 + 1) },
    body: "short",
  });
  equal(response.status, 413);
  equal(puts.length, 1);
});

Deno.test("PUT and POST answer a refusal by its kind", async () => {
  const f = async (code: string, status: number) => {
    const { send } = make({
      put: () => Promise.resolve(reason(code)),
      rollback: () => Promise.resolve(reason(code)),
    });
    for (
      const response of [
        await send("PUT", "/go1.26", { body: "x" }),
        await send("POST", "/go1.26/rollback"),
      ]
    ) {
      equal(response.status, status, code);
      const body = await response.json();
      deepEqual([body.code, body.detail, body.remedy], [code, `It is ${code}`, "Do otherwise"]);
    }
  };
  await f("decoder-unknown", 404);
  await f("decoder-name-differs", 409);
  await f("decoder-without-previous", 409);
  await f("decoder-too-large", 413);
  await f("decoder-golden-mismatch", 422);
  await f("decoder-was-rolled-back", 422);
  await f("decoder-swap-failed", 503);
});

Deno.test("the decoder routes answer 405 with Allow for other methods", async () => {
  const { send } = make();
  const f = async (method: string, path: string, allow: string) => {
    const response = await send(method, path);
    deepEqual([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
  };
  await f("PUT", "", "GET, HEAD, OPTIONS");
  await f("DELETE", "/go1.26", "GET, HEAD, OPTIONS, PUT");
  await f("POST", "/go1.26", "GET, HEAD, OPTIONS, PUT");
  await f("GET", "/go1.26/rollback", "OPTIONS, POST");
  equal((await send("POST", "/go1.26/rollback/x")).status, 404);
  equal((await send("HEAD", "/go1.26")).status, 200);
});
