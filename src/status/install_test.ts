import { deepEqual, equal } from "node:assert/strict";
import { Hono } from "hono";
import { Type } from "../schema/mod.ts";
import { endpoint, Refusal } from "./endpoint.ts";
import { install } from "./install.ts";

const ANSWER = Type.Object({ id: Type.String(), limit: Type.Integer() });

const echo = endpoint({
  method: "GET",
  path: "/things/{id}/all",
  tag: "Agent",
  summary: "Says what it was asked",
  params: Type.Object({ id: Type.String({ maxLength: 3 }) }),
  query: Type.Object({ limit: Type.Integer({ default: 5 }) }),
  answer: ANSWER,
  handle: ({ params, query }) => ({ id: params.id, limit: query.limit }),
});

const slow = endpoint({
  method: "GET",
  path: "/slow",
  tag: "Agent",
  summary: "Never answers",
  answer: ANSWER,
  timeLimitMs: 5,
  handle: () => new Promise<never>(() => {}),
});

const change = endpoint({
  method: "POST",
  path: "/change",
  tag: "Agent",
  summary: "Refuses, after the token",
  changes: true,
  answer: ANSWER,
  handle: () => new Refusal(409, { code: "odd", message: "It is odd", remedy: "Even it" }),
});

const app = new Hono();
install(app, [echo, slow, change], { token: "secret" });

Deno.test("install() hands parameters on as their schemas say", async () => {
  deepEqual(await (await app.request("/things/a%2Fb/all")).json(), { id: "a/b", limit: 5 });
  deepEqual(await (await app.request("/things/x/all?limit=7")).json(), { id: "x", limit: 7 });
  for (const path of ["/things/long/all", "/things/x/all?limit=y", "/things/x/all?other=1"]) {
    const response = await app.request(path);
    deepEqual([response.status, (await response.json()).code], [400, "parameter-invalid"], path);
  }
});

Deno.test("install() answers 503 when an endpoint takes too long", async () => {
  const response = await app.request("/slow");
  equal(response.status, 503);
  const { code, detail } = await response.json();
  deepEqual([code, detail], ["answer-too-slow", "The agent could not answer within 0.005 s"]);
});

Deno.test("install() asks for the token before a change, and makes a problem of a refusal", async () => {
  const post = (headers: Record<string, string>) => app.request("/change", { method: "POST", headers });
  const denied = await post({});
  deepEqual([denied.status, denied.headers.get("www-authenticate")], [401, 'Bearer realm="tsunagi"']);
  const refused = await post({ authorization: "Bearer secret" });
  const { status, detail, code, remedy, instance } = await refused.json();
  deepEqual([status, detail, code, remedy, instance], [409, "It is odd", "odd", "Even it", "/change"]);
});
