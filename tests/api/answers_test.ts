/** Every answer of every route against the schema that the OpenAPI document gives for it. */
import assert from "node:assert/strict";
import { MAX_PACK_BYTES } from "../../src/gate/gate.ts";
import type { StatusAppOptions } from "../../src/status/app.ts";
import {
  CONFIG,
  DECODERS,
  DETAIL,
  makeStatusApp,
  refusal,
  STATE,
  STATUS,
  TOKEN,
} from "../support/status_app.ts";
import { traceIdOf } from "../support/shop_traces.ts";
import { documentOf, Schemas } from "./document.ts";

interface Case {
  /** As the document has it. */
  readonly path: string;
  readonly method?: string;
  readonly status: number;
  /** What is asked for, when it is not the path itself. */
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly body?: BodyInit;
  readonly app?: Partial<StatusAppOptions>;
}

const decoders = (code: string): Partial<StatusAppOptions> => ({
  decoders: {
    list: () => Promise.resolve(DECODERS),
    get: () => Promise.resolve(refusal(code)),
    put: () => Promise.resolve(refusal(code)),
    rollback: () => Promise.resolve(refusal(code)),
  },
});
const authorized = { authorization: `Bearer ${TOKEN}` };
const fullStatus = {
  ...STATUS,
  printer: { printed: 1, dropped: 2, summarized: 3, waiting: 4 },
  red: { spans: 1, sampled_out: 2, ignored: 3, filtered: 4, not_exported: 5, unreadable: 6, unmeasured: 7 },
  events: { clients: 1, sent: 2, dropped: { rate: 3 }, refused: 4, cut: 5 },
};
const put = { path: "/api/v1/decoders/{name}", method: "put", url: "/api/v1/decoders/go1.26", body: "x" };
const rollback = {
  path: "/api/v1/decoders/{name}/rollback",
  method: "post",
  url: "/api/v1/decoders/go1.26/rollback",
};
const reload = { path: "/api/v1/config/reload", method: "post" };
const detail = { path: "/api/v1/decoders/{name}", url: `/api/v1/decoders/${DETAIL.name}` };
const trace = { path: "/api/v1/traces/{traceId}", url: `/api/v1/traces/${traceIdOf(10)}` };
const foreign = { ...authorized, origin: "http://evil.example" };

const CASES: readonly Case[] = [
  { path: "/api/v1/status", status: 200 },
  { path: "/api/v1/status", status: 200, app: { status: () => fullStatus } },
  { path: "/api/v1/status", status: 500, app: { status: () => Promise.reject(new Error("broken")) } },
  { path: "/api/v1/targets", status: 200 },
  { path: "/api/v1/targets", status: 421, headers: { host: "evil.example" } },
  { path: "/api/v1/services", status: 200 },
  { path: "/api/v1/services", status: 200, url: "/api/v1/services?window=300" },
  { path: "/api/v1/services", status: 400, url: "/api/v1/services?window=301" },
  { path: "/api/v1/graph", status: 200 },
  { path: "/api/v1/graph", status: 400, url: "/api/v1/graph?windw=5" },
  { path: "/api/v1/traces", status: 200 },
  { path: "/api/v1/traces", status: 200, url: "/api/v1/traces?status=5xx&limit=1" },
  { path: "/api/v1/traces", status: 400, url: "/api/v1/traces?status=600" },
  { ...trace, status: 200 },
  { ...trace, status: 404, url: `/api/v1/traces/${traceIdOf(9_999)}` },
  { ...trace, status: 400, url: "/api/v1/traces/x" },
  { path: "/api/v1/decoders", status: 200 },
  { ...detail, status: 200 },
  { ...detail, status: 404, url: "/api/v1/decoders/go9" },
  { ...put, status: 200, headers: authorized },
  { ...put, status: 401 },
  { ...put, status: 403, headers: foreign },
  { ...put, status: 409, headers: authorized, app: decoders("decoder-name-differs") },
  { ...put, status: 413, headers: { ...authorized, "content-length": String(MAX_PACK_BYTES + 1) } },
  { ...put, status: 422, headers: authorized, app: decoders("decoder-golden-mismatch") },
  { ...put, status: 503, headers: authorized, app: decoders("decoder-swap-failed") },
  { ...rollback, status: 200, headers: authorized },
  { ...rollback, status: 401, headers: { authorization: "Bearer no" } },
  { ...rollback, status: 403, headers: foreign },
  { ...rollback, status: 404, headers: authorized, app: decoders("decoder-unknown") },
  { ...rollback, status: 409, headers: authorized, app: decoders("decoder-without-previous") },
  { ...rollback, status: 503, headers: authorized, app: decoders("decoder-swap-failed") },
  { path: "/api/v1/config", status: 200 },
  { ...reload, status: 200, headers: authorized },
  { ...reload, status: 401 },
  { ...reload, status: 403, headers: foreign },
  {
    ...reload,
    status: 422,
    headers: authorized,
    app: {
      config: {
        current: () => CONFIG,
        state: () => STATE,
        reload: () => Promise.resolve({ ...STATE, error: "agent.yaml:1:1: it is wrong" }),
      },
    },
  },
  { path: "/metrics", status: 200 },
  { path: "/metrics", status: 200, headers: { accept: "application/openmetrics-text" } },
  { path: "/api/v1/events", status: 200 },
  { path: "/api/v1/events", status: 400, url: "/api/v1/events?types=spam" },
  { path: "/api/v1/events", status: 503, app: { events: { connect: () => null } } },
  { path: "/healthz", status: 200 },
  { path: "/livez", status: 200 },
  { path: "/readyz", status: 200 },
  { path: "/readyz", status: 503, app: { ready: () => ({ ready: false, why: "It is not" }) } },
  { path: "/openapi.json", status: 200 },
];

const document = await documentOf(makeStatusApp().app);
const schemas = new Schemas(document);

for (const each of CASES) {
  const { path, method = "get", status, url = path } = each;
  Deno.test(`${method.toUpperCase()} ${url} answers ${status} as the document says`, async () => {
    const { app } = makeStatusApp({ shopTraces: 30, ...each.app });
    const response = await app.request(url, {
      method: method.toUpperCase(),
      ...(each.headers === undefined ? {} : { headers: each.headers }),
      ...(each.body === undefined ? {} : { body: each.body }),
    });
    assert.equal(response.status, status);
    const { responses } = document.paths[path]![method]!;
    const [type = ""] = response.headers.get("content-type")!.split(";");
    const content = (responses[status] ?? responses["default"])!.content[type];
    assert.ok(content, `content type is ${type}`);
    const isJson = type.endsWith("json");
    if (isJson) assert.deepEqual(schemas.problems(content.schema, await response.json()), []);
    else await response.body?.cancel();
  });
}

Deno.test("every answer that the document promises has a case above", () => {
  // Answered by what stands before all routes alike; once is enough.
  const shared = new Set(["400", "421", "default"]);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const status of Object.keys(responses).filter((status) => !shared.has(status))) {
        const found = CASES.some((each) =>
          each.path === path && (each.method ?? "get") === method && String(each.status) === status
        );
        assert.ok(found, `${method} ${path} ${status}`);
      }
    }
  }
});

Deno.test("an answer with a member that its schema does not name is noticed", () => {
  const schema = document.paths["/readyz"]!["get"]!.responses["200"]!.content["application/json"]!.schema;
  assert.deepEqual(schemas.problems(schema, { status: "ready" }), []);
  assert.equal(schemas.problems(schema, { status: "ready", more: 1 }).length, 1);
  assert.equal(schemas.problems(schema, {}).length, 1);
});
