import { deepEqual, equal, match } from "node:assert/strict";
import { batchBytes, encodeSpan } from "../../tests/support/otlp_proto.ts";
import { makeStatusApp, STATUS, TARGETS } from "../../tests/support/status_app.ts";
import { createResource } from "../trace/resource.ts";
import type { TraceStore } from "../trace/store.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

function make(options: Parameters<typeof makeStatusApp>[0] = {}) {
  const { app, store, logged } = makeStatusApp(options);
  return { app, traces: store, logged };
}

function addTrace(traces: TraceStore, service: string, traceId: string) {
  const environment = { OTEL_SERVICE_NAME: service };
  const resource = createResource({ pid: 7, exe: "/a", goVersion: null, environment, hostName: "h" });
  const bytes = batchBytes([
    encodeSpan({ traceId, spanId: "01".repeat(8), name: "GET /x", attributes: { n: 7 } }),
  ]);
  traces.add(resource, { pid: 7, count: 1, bytes });
}

Deno.test("GET /healthz answers 200", async () => {
  const response = await make().app.request("/healthz");
  equal(response.status, 200);
  deepEqual(await response.json(), { status: "ok" });
});

Deno.test("GET /readyz answers 200 once ready, before that 503 with the reason", async () => {
  equal((await make().app.request("/readyz")).status, 200);
  const { app } = make({ ready: () => ({ ready: false, why: "loader is not up yet" }) });
  const response = await app.request("/readyz");
  equal(response.status, 503);
  equal(response.headers.get("content-type"), "application/problem+json");
  equal((await response.json()).detail, "loader is not up yet");
});

Deno.test("GET /api/v1/status and /api/v1/targets answer what the providers give", async () => {
  const { app } = make();
  deepEqual(await (await app.request("/api/v1/status")).json(), STATUS);
  deepEqual(await (await app.request("/api/v1/targets")).json(), {
    targets: TARGETS,
    unmatchedRules: [],
    loader: null,
  });
});

Deno.test("GET /api/v1/traces lists the newest first, by service and limit", async () => {
  const { app, traces } = make();
  for (let index = 1; index <= 23; index++) {
    addTrace(traces, index % 2 ? "front" : "back", index.toString(16).padStart(32, "0"));
  }
  const ids = async (query: string) => {
    const { traces } = await (await app.request(`/api/v1/traces${query}`)).json();
    return traces.map(({ traceId }: { traceId: string }) => parseInt(traceId, 16));
  };
  equal((await ids("")).length, 20);
  deepEqual(await ids("?limit=3"), [23, 22, 21]);
  deepEqual(await ids("?service=back&limit=2"), [22, 20]);
  deepEqual(await ids("?service=none"), []);
  const { traces: [first] } = await (await app.request("/api/v1/traces?limit=1")).json();
  deepEqual(first, {
    traceId: "17".padStart(32, "0"),
    rootName: "GET /x",
    rootService: "front",
    rootKind: "server",
    method: null,
    route: null,
    path: null,
    status: null,
    services: ["front"],
    spans: 1,
    startTimeUnixNano: "1700000000000000000",
    durationNs: 1_000_000,
    errors: 0,
    depth: 1,
  });
});

Deno.test("GET /api/v1/traces refuses a limit that is none", async () => {
  const { app } = make();
  for (const limit of ["0", "-1", "x", "1.5", "10001", "1e3"]) {
    const response = await app.request(`/api/v1/traces?limit=${limit}`);
    equal(response.status, 400, limit);
    match(
      (await response.json()).detail,
      /^Query parameter "limit": value is .*, must be (a whole number|from 1 to 10000)$/,
    );
  }
});

Deno.test("GET /api/v1/traces/{traceId} answers the spans in OTLP's JSON with their resources", async () => {
  const { app, traces } = make();
  addTrace(traces, "front", TRACE_ID);
  const response = await app.request(`/api/v1/traces/${TRACE_ID}`);
  equal(response.status, 200);
  const trace = await response.json();
  deepEqual([trace.traceId, trace.rootName, trace.spans.length], [TRACE_ID, "GET /x", 1]);
  const { resource, ...span } = trace.spans[0];
  deepEqual(span, {
    traceId: TRACE_ID,
    spanId: "01".repeat(8),
    traceState: "",
    parentSpanId: "",
    flags: 0,
    name: "GET /x",
    kind: 2,
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000001000000",
    attributes: [{ key: "n", value: { intValue: "7" } }],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: 0 },
    serviceName: "front",
  });
  equal(resource.attributes.some(({ key }: { key: string }) => key === "service.name"), true);
});

Deno.test("GET /api/v1/traces/{traceId} answers 404 for an unknown trace and 400 for a malformed id", async () => {
  const { app } = make();
  equal((await app.request(`/api/v1/traces/${TRACE_ID}`)).status, 404);
  for (const id of ["x", TRACE_ID.slice(1), TRACE_ID.toUpperCase(), TRACE_ID + "0"]) {
    equal((await app.request(`/api/v1/traces/${id}`)).status, 400, id);
  }
});

Deno.test("createStatusApp() answers 404 as problem+json for what is not there", async () => {
  const response = await make().app.request("/api/v2/status");
  equal(response.status, 404);
  equal(response.headers.get("content-type"), "application/problem+json");
  deepEqual(await response.json(), {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "There is nothing at /api/v2/status",
    instance: "/api/v2/status",
  });
  equal((await make().app.request("/nowhere", { method: "POST" })).status, 404);
});

Deno.test("createStatusApp() answers 405 with Allow for other methods, and HEAD like GET", async () => {
  const { app } = make();
  for (
    const path of ["/healthz", "/readyz", "/api/v1/status", "/api/v1/traces", `/api/v1/traces/${TRACE_ID}`]
  ) {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const response = await app.request(path, { method });
      equal(response.status, 405, `${method} ${path}`);
      equal(response.headers.get("allow"), "GET, HEAD, OPTIONS");
      equal(response.headers.get("content-type"), "application/problem+json");
    }
  }
  const options = await app.request("/healthz", { method: "OPTIONS" });
  deepEqual([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  const head = await app.request("/healthz", { method: "HEAD" });
  deepEqual([head.status, await head.text()], [200, ""]);
});

Deno.test("createStatusApp() answers 500 without details, which go to the log", async () => {
  const { app, logged } = make({
    status: () => {
      throw new Error("secret detail");
    },
  });
  const response = await app.request("/api/v1/status");
  equal(response.status, 500);
  equal((await response.text()).includes("secret"), false);
  match(logged[0]!, /path=\/api\/v1\/status error="secret detail"/);
});
