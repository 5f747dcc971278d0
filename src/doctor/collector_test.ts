import { deepEqual, equal, match } from "node:assert/strict";
import type { OtlpConfig } from "../config/config.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { GrpcServer, statusAnswer, TRACES_CALL } from "../../tests/support/otlp_grpc_server.ts";
import { OtlpServer } from "../../tests/support/otlp_server.ts";
import { TestAuthority } from "../../tests/support/otlp_certificates.ts";
import { checkCollector } from "./collector.ts";
import { connectionProblem } from "../export/collector_problem.ts";

const CONFIG: OtlpConfig = {
  url: null,
  protocol: "http/protobuf",
  headers: {},
  timeoutMs: 60_000,
  compression: "none",
  tls: { caFile: null, certFile: null, keyFile: null },
};

type Handler = (request: Request) => Response | Promise<Response>;

/** What the doctor says of a collector that answers so. */
async function checked(handler: Handler, config: Partial<OtlpConfig> = {}) {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}/v1/traces?key=secret`;
  return await checkCollector("traces", { ...CONFIG, url, ...config });
}

/** What it says of a listener that does this to each connection. */
async function checkedRaw(
  serve: (connection: Deno.TcpConn) => Promise<void>,
  { scheme = "http", timeoutMs = CONFIG.timeoutMs } = {},
) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `${scheme}://127.0.0.1:${listener.addr.port}/v1/traces`;
  const check = checkCollector("traces", { ...CONFIG, url, timeoutMs });
  const connections: Deno.TcpConn[] = [];
  (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      serve(connection).catch(() => {});
    }
  })();
  const finding = await check;
  for (const connection of connections) {
    try {
      connection.close();
    } catch {
      // The handler has closed it.
    }
  }
  return finding;
}

Deno.test("checkCollector() sends what the agent would, without spans", async () => {
  let seen = new Headers();
  let bytes = -1;
  const accept: Handler = async (request) => {
    seen = new Headers(request.headers);
    bytes = (await request.arrayBuffer()).byteLength;
    return new Response(null, { headers: { "content-type": "application/x-protobuf" } });
  };
  const finding = await checked(accept, { headers: { "x-tenant": "7" } });
  deepEqual([finding.severity, finding.code], ["ok", "ok"]);
  equal(finding.cause.includes("secret"), false, "a key in the query stays private");
  equal(seen.get("content-type"), "application/x-protobuf");
  equal(seen.get("x-tenant"), "7");
  equal(bytes, 0);

  await checked(accept, { protocol: "http/json", compression: "gzip" });
  deepEqual([seen.get("content-type"), seen.get("content-encoding")], [
    "application/json",
    "gzip",
  ]);
});

Deno.test("checkCollector() says that nothing is exported where nothing is configured", async () => {
  const { severity, code } = await checkCollector("metrics", CONFIG);
  deepEqual([severity, code], ["skip", "not-exported"]);
});

Deno.test("checkCollector() names each answer that is no good", async () => {
  const f = async (answer: Response, code: string, severity: string, cause: RegExp) => {
    const finding = await checked(() => answer);
    deepEqual([finding.code, finding.severity], [code, severity]);
    match(finding.cause, cause);
    equal(finding.cause.includes("secret"), false);
    equal(finding.remedy === "", false, "a remedy");
  };
  const status = (status: number, body = "") =>
    new Response(body, { status, headers: { "content-type": "text/plain" } });
  await f(status(401, "no token"), "collector-unauthorized", "fail", /401: no token.*no headers of its own/);
  await f(status(403), "collector-unauthorized", "fail", /403/);
  await f(status(404), "collector-path-unknown", "fail", /no OTLP at \/v1\/traces/);
  await f(status(405), "collector-path-unknown", "fail", /405/);
  await f(status(415), "collector-media-type", "fail", /415/);
  await f(status(400, "bad"), "collector-bad-request", "fail", /400: bad/);
  await f(status(429), "collector-busy", "warn", /429/);
  await f(status(503), "collector-busy", "warn", /503/);
  await f(status(500, "oh"), "collector-error", "fail", /500: oh/);
  const moved = new Response(null, { status: 301, headers: { location: "https://other/" } });
  await f(moved, "collector-redirects", "fail", /301.*https:\/\/other/);
  const page = new Response("<p>hello", { headers: { "content-type": "text/html" } });
  await f(page, "collector-not-otlp", "warn", /text\/html/);
});

Deno.test("checkCollector() names what keeps a request from an answer", async () => {
  const url = `http://127.0.0.1:${freePort()}/v1/traces`;
  const refused = await checkCollector("traces", { ...CONFIG, url });
  deepEqual([refused.code, refused.severity], ["collector-refused", "fail"]);

  const silent = await checkedRaw(async (connection) => {
    await connection.read(new Uint8Array(4096));
  }, { timeoutMs: 300 });
  equal(silent.code, "collector-timeout");

  const cut = await checkedRaw(async (connection) => {
    await connection.read(new Uint8Array(4096));
    connection.close();
  });
  equal(cut.code, "collector-connection-cut");

  // SETTINGS frame of HTTP/2, which a gRPC server sends whatever comes.
  const grpc = await checkedRaw(async (connection) => {
    await connection.write(Uint8Array.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x40, 0]));
    await connection.read(new Uint8Array(4096));
  });
  equal(grpc.code, "collector-not-http");

  const plain = await checkedRaw(async (connection) => {
    await connection.read(new Uint8Array(4096));
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  }, { scheme: "https" });
  equal(plain.code, "collector-tls");
});

Deno.test("checkCollector() names a header that cannot be sent, without its value", async () => {
  const { code, cause } = await checked(() => new Response(), {
    headers: { "authorization": "Bearer s3cret\n2" },
  });
  equal(code, "collector-header-wrong");
  match(cause, /"authorization"/);
  equal(cause.includes("s3cret"), false);
});

Deno.test("checkCollector() names certificate files that cannot be used", async () => {
  const tls = { ...CONFIG.tls, caFile: "/no/such/ca.pem" };
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://127.0.0.1:${listener.addr.port}/v1/traces`;
  const { code, cause } = await checkCollector("traces", { ...CONFIG, url, tls });
  equal(code, "collector-certificate-file");
  match(cause, /\/no\/such\/ca\.pem/);
});

Deno.test("connectionProblem() tells names that cannot be resolved from hosts that cannot be reached", () => {
  const to = { hostname: "collector", port: 4318, timeoutMs: 300 };
  const f = (error: unknown, code: string) => equal(connectionProblem(error, to).code, code);
  f(new Error("failed to lookup address information: Name or service not known"), "collector-name-unknown");
  f(new Deno.errors.ConnectionRefused("os error 111"), "collector-refused");
  f(new Error("No route to host (os error 113)"), "collector-unreachable");
  f(new DOMException("Signal timed out.", "TimeoutError"), "collector-timeout");
});

Deno.test("checkCollector() names certificates that do not suit, and is content with those that do", async () => {
  using authority = new TestAuthority();
  const { cert, key } = authority.server;
  await using server = new OtlpServer({ tls: { cert, key } });
  const url = server.tracesUrl;
  const stranger = await checkCollector("traces", { ...CONFIG, url });
  deepEqual([stranger.code, stranger.severity], ["collector-tls", "fail"]);
  match(stranger.cause, /UnknownIssuer/);
  const tls = { ...CONFIG.tls, caFile: authority.ca.certFile };
  equal((await checkCollector("traces", { ...CONFIG, url, tls })).code, "ok");
  const named = await checkCollector("traces", {
    ...CONFIG,
    url: url.replace("127.0.0.1", "localhost"),
    tls,
  });
  equal(named.code, "collector-tls");
});

Deno.test("checkCollector() makes a call of gRPC without spans, and names what is wrong with it", async () => {
  await using server = await GrpcServer.start();
  const check = (config: Partial<OtlpConfig>) =>
    checkCollector("traces", { ...CONFIG, protocol: "grpc", url: server.url + TRACES_CALL, ...config });
  const fine = await check({ compression: "gzip", headers: { "x-tenant": "7" } });
  deepEqual([fine.code, fine.cause], ["ok", `${server.url} takes OTLP (grpc)`]);
  const [{ path, message, headers }] = server.requests as [typeof server.requests[0]];
  deepEqual([path, message.length, headers["x-tenant"]], [TRACES_CALL, 0, "7"]);

  const f = async (status: number, code: string, severity: string, cause: RegExp) => {
    server.handler = () => statusAnswer(status, { "grpc-message": "words" });
    const finding = await check({});
    deepEqual([finding.code, finding.severity], [code, severity]);
    match(finding.cause, cause);
  };
  await f(16, "collector-unauthorized", "fail", /unauthenticated: words \(the agent sends no headers/);
  await f(12, "collector-signal-unknown", "fail", /unimplemented: words/);
  await f(14, "collector-busy", "warn", /unavailable: words/);
  await f(3, "collector-bad-request", "fail", /invalid_argument: words/);
  server.handler = () => null;
  equal((await check({ timeoutMs: 100 })).code, "collector-timeout");
  equal((await check({ headers: { upgrade: "s3cret" } })).code, "collector-header-wrong");
});

Deno.test("checkCollector() tells receivers of HTTP and of gRPC apart, either way round", async () => {
  await using http = new OtlpServer();
  await using grpc = await GrpcServer.start();
  const f = async (protocol: OtlpConfig["protocol"], url: string, code: string, remedy: RegExp) => {
    const finding = await checkCollector("traces", { ...CONFIG, protocol, url });
    equal(finding.code, code);
    match(finding.remedy, remedy);
  };
  await f("http/protobuf", `${grpc.url}/v1/traces`, "collector-not-http", /protocol grpc/);
  const call = new URL(TRACES_CALL, http.tracesUrl).href;
  http.answer = () => new Response(null, { status: 404 });
  await f("grpc", call, "collector-not-grpc", /protocol http\/protobuf/);
});
