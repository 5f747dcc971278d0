/** GrpcSender against Node's HTTP/2 server: what is sent, and what each answer means. Hostile servers: http2/. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { TestAuthority } from "../../tests/support/otlp_certificates.ts";
import {
  type GrpcAnswer,
  type GrpcHandler,
  GrpcServer,
  type GrpcServerOptions,
  statusAnswer,
  TRACES_CALL,
} from "../../tests/support/otlp_grpc_server.ts";
import { encodeMessage } from "../../tests/support/otlp_proto.ts";
import { GrpcSender, type GrpcSenderOptions } from "./grpc_sender.ts";
import type { SendResult } from "./sender.ts";

const NEVER = new AbortController().signal;

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at * 7 % 251);
}

/** A server and a sender to it. */
class Pair implements AsyncDisposable {
  private constructor(readonly server: GrpcServer, readonly sender: GrpcSender) {}

  static async start(
    server: GrpcServerOptions = {},
    options: Partial<GrpcSenderOptions> = {},
  ): Promise<Pair> {
    const started = await GrpcServer.start(server);
    const url = started.url + TRACES_CALL;
    const common = { url, headers: {}, timeoutMs: 60_000, compression: "none" } as const;
    return new Pair(started, new GrpcSender({ ...common, ...options }));
  }

  async send(message = bytesOf(100), signal = NEVER): Promise<SendResult> {
    return await this.sender.send(await this.sender.prepare(message), signal);
  }

  async [Symbol.asyncDispose]() {
    this.sender[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

async function answered(answer: GrpcAnswer | GrpcHandler, options: Partial<GrpcSenderOptions> = {}) {
  const handler = typeof answer === "function" ? answer : () => answer;
  await using pair = await Pair.start({ handler }, options);
  return await pair.send();
}

Deno.test("GrpcSender makes a unary call with the configured headers as metadata", async () => {
  const headers = {
    Authorization: "Bearer x",
    "content-type": "text/plain",
    "grpc-timeout": "1H",
    "x-b": "\xe9",
  };
  await using pair = await Pair.start({}, { headers, timeoutMs: 40_000 });
  deepEqual(await pair.send(), { kind: "accepted", doubt: null, rejected: 0, message: "" });
  const [{ path, headers: seen, message, isCompressed }] = pair.server.requests as [
    typeof pair.server.requests[0],
  ];
  deepEqual([path, message, isCompressed], [TRACES_CALL, bytesOf(100), false]);
  const { ":method": method, ":scheme": scheme, ":authority": authority, te } = seen;
  deepEqual([method, scheme, authority, te], ["POST", "http", `127.0.0.1:${pair.server.port}`, "trailers"]);
  equal(seen["content-type"], "application/grpc");
  equal(seen["grpc-timeout"], "40000m");
  equal(seen["grpc-encoding"], undefined);
  equal(seen["authorization"], "Bearer x");
  equal(seen["x-b"], "\xe9");
  match(seen["user-agent"]!, /^tsunagi\//);
});

Deno.test("GrpcSender refuses headers that HTTP/2 forbids, without their value", () => {
  const make = (headers: Record<string, string>) =>
    new GrpcSender({ url: "http://h:4317", headers, timeoutMs: 1, compression: "none" });
  throws(() => make({ Connection: "s3cret" }), /^Error: Cannot send header "connection": [^3]*$/);
  throws(() => make({ "a b": "s3cret" }), /^Error: Cannot send header "a b": [^3]*$/);
});

Deno.test("GrpcSender compresses with gzip, and reads answers that are", async () => {
  const partial = encodeMessage("ExportTraceServiceResponse", {
    partialSuccess: { rejectedSpans: 3, errorMessage: "too old" },
  });
  const handler = () => ({ message: partial, gzip: true });
  await using pair = await Pair.start({ handler }, { compression: "gzip" });
  deepEqual(await pair.send(bytesOf(50_000)), {
    kind: "accepted",
    doubt: null,
    rejected: 3,
    message: "too old",
  });
  const [{ isCompressed, headers, wireBytes, message }] = pair.server.requests as [
    typeof pair.server.requests[0],
  ];
  deepEqual([isCompressed, headers["grpc-encoding"]], [true, "gzip"]);
  ok(wireBytes * 10 < message.length, `${wireBytes} bytes`);
  deepEqual(message, bytesOf(50_000));
});

for (const initialWindowSize of [65_535, 1, 1_000_003]) {
  Deno.test(`GrpcSender sends large requests side by side over one connection, with windows of ${initialWindowSize}`, async () => {
    await using pair = await Pair.start({ settings: { initialWindowSize } });
    const lengths = initialWindowSize === 1
      ? [1, 16_384, 40_009]
      : [1, 16_379, 16_384, 65_530, 1_000_003, 3_000_017];
    const results = await Promise.all(lengths.map((length) => pair.send(bytesOf(length))));
    ok(results.every(({ kind }) => kind === "accepted"));
    const received = pair.server.requests.map(({ message }) => message).sort((a, b) => a.length - b.length);
    deepEqual(received.map(({ length }) => length), lengths);
    received.forEach((message) => deepEqual(message, bytesOf(message.length)));
    equal(pair.server.connections, 1);
  });
}

Deno.test("GrpcSender makes no more calls at a time than the server allows", async () => {
  let now = 0;
  let most = 0;
  const handler = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    return {};
  };
  await using pair = await Pair.start({ settings: { maxConcurrentStreams: 2 }, handler });
  // The limit is known when the first answer is there.
  await pair.send();
  const results = await Promise.all(Array.from({ length: 9 }, () => pair.send()));
  deepEqual([results.every(({ kind }) => kind === "accepted"), most], [true, 2]);
});

Deno.test("a server that keeps no table of headers is obeyed", async () => {
  await using pair = await Pair.start({ settings: { headerTableSize: 0 } });
  for (let call = 0; call < 3; call++) equal((await pair.send()).kind, "accepted");
  equal(pair.server.connections, 1);
});

Deno.test("each status of gRPC is tried again or given up as OTLP says, under its name", async () => {
  const outcomes: Record<number, string> = {
    1: "retry",
    2: "grpc_unknown collector-error",
    3: "grpc_invalid_argument collector-bad-request",
    4: "retry",
    5: "grpc_not_found collector-bad-request",
    6: "grpc_already_exists collector-bad-request",
    7: "grpc_permission_denied collector-unauthorized",
    8: "grpc_resource_exhausted collector-busy",
    9: "grpc_failed_precondition collector-bad-request",
    10: "retry",
    11: "retry",
    12: "grpc_unimplemented collector-signal-unknown",
    13: "grpc_internal collector-error",
    14: "retry",
    15: "retry",
    16: "grpc_unauthenticated collector-unauthorized",
    99: "grpc_unknown collector-error",
  };
  let status = 0;
  const handler = ({ attempt }: { attempt: number }) => {
    const trailers = { "grpc-status": String(status), "grpc-message": "h%C3%A9 %25 %zz" };
    return { trailers, trailersOnly: attempt % 2 === 0 };
  };
  await using pair = await Pair.start({ handler });
  for (const [code, want] of Object.entries(outcomes)) {
    for (status = Number(code); pair.server.requests.length % 2 < 1; await pair.send());
    const result = await pair.send();
    ok(result.kind === "retry" || result.kind === "refused");
    equal(result.kind === "retry" ? "retry" : `${result.reason} ${result.problem.code}`, want);
    if (result.kind === "retry") equal(result.problem.code, "collector-busy");
    // What cannot be decoded stays as it is.
    match(result.why, /^gRPC status [a-z_]+: h%C3%A9 %25 %zz$/);
  }
  equal(pair.server.connections, 1);
});

Deno.test("a message of gRPC is percent-decoded and bounded", async () => {
  const result = await answered(statusAnswer(3, { "grpc-message": `h%C3%A9%0A${"x".repeat(1_000)}` }));
  ok(result.kind === "refused");
  match(result.why, /: h\xe9\\n?.*x+…$/);
  ok(result.why.length < 400);
});

Deno.test("RetryInfo says when to try again, and makes RESOURCE_EXHAUSTED something to be tried again", async () => {
  const details = (seconds: number, nanos: number, type = "google.rpc.RetryInfo") =>
    encodeMessage("RpcStatus", {
      code: 8,
      message: "m",
      details: [
        { typeUrl: "type.googleapis.com/google.rpc.DebugInfo", value: new Uint8Array([1]) },
        {
          typeUrl: `type.googleapis.com/${type}`,
          value: encodeMessage("RetryInfo", { retryDelay: { seconds, nanos } }),
        },
      ],
    });
  const f = async (status: number, bytes: Uint8Array | string, want: number | null) => {
    // Base64 without padding, as gRPC sends it.
    const text = typeof bytes === "string" ? bytes : bytes.toBase64({ omitPadding: true });
    const result = await answered(statusAnswer(status, { "grpc-status-details-bin": text }));
    equal(result.kind === "retry" ? result.retryAfterMs : result.kind, want);
  };
  await f(8, details(7, 500_000_000), 7_500);
  await f(14, details(3, 0), 3_000);
  await f(8, details(0, 0), 0);
  await f(8, details(-5, 0), 0);
  const refused = "refused" as unknown as null;
  await f(8, details(7, 0, "google.rpc.QuotaFailure"), refused);
  await f(8, "AAAA", refused);
  await f(8, "!!", refused);
  await f(14, "!!", null);
  await f(3, details(7, 0), refused);
});

Deno.test("an answer that cannot be read counts as taken where its status says so", async () => {
  for (const message of [new Uint8Array([0xff]), new Uint8Array(5)]) {
    deepEqual(await answered({ message }), { kind: "accepted", doubt: null, rejected: 0, message: "" });
  }
  const bare = await answered(statusAnswer(0));
  equal(bare.kind, "accepted");
});

Deno.test("an answer of more than 4 MiB is given up, also one that is compressed", async () => {
  for (const gzip of [false, true]) {
    const result = await answered({ message: new Uint8Array(4 * 1024 * 1024 + 1), gzip });
    deepEqual(result.kind === "refused" && [result.reason, result.problem.code], [
      "answer_too_large",
      "collector-not-otlp",
    ]);
    equal((await answered({ message: new Uint8Array(4 * 1024 * 1024), gzip })).kind, "accepted");
  }
});

Deno.test("HTTP without gRPC is told by its status, and 429, 502, 503, 504 are tried again", async () => {
  const f = async (status: number, contentType: string, want: string) => {
    const result = await answered(({ stream }) => {
      stream.respond({ ":status": status, "content-type": contentType });
      stream.end("words");
      return null;
    });
    ok(result.kind === "retry" || result.kind === "refused");
    equal(`${result.kind === "retry" ? "retry" : result.reason} ${result.problem.code}`, want);
  };
  await f(404, "text/plain", "http_404 collector-not-grpc");
  await f(415, "text/plain", "http_415 collector-not-grpc");
  await f(200, "text/html", "grpc_unknown collector-not-grpc");
  await f(204, "", "http_204 collector-not-grpc");
  await f(200, "application/grpc", "grpc_internal collector-error");
  await f(401, "text/plain", "http_401 collector-unauthorized");
  await f(500, "text/plain", "http_500 collector-error");
  for (const status of [429, 502, 503, 504]) await f(status, "text/plain", "retry collector-busy");
});

Deno.test("a server that resets a call: gRPC's meaning of the code counts", async () => {
  const f = async (code: number, want: string) => {
    const result = await answered(({ stream }) => {
      stream.close(code);
      return null;
    });
    equal(result.kind === "refused" ? result.reason : result.kind, want);
  };
  await f(0, "retry");
  await f(7, "retry");
  await f(8, "retry");
  await f(2, "grpc_internal");
  await f(11, "grpc_resource_exhausted");
  await f(12, "grpc_permission_denied");
});

Deno.test("an answer that does not come ends at the time limit, and the next call takes another connection", async () => {
  await using pair = await Pair.start({ handler: ({ attempt }) => attempt === 1 ? null : {} }, {
    timeoutMs: 3_000,
  });
  const late = await pair.send();
  ok(late.kind === "retry");
  deepEqual([late.why, late.problem.code], ["no complete answer within 3000 ms", "collector-timeout"]);
  equal((await pair.send()).kind, "accepted");
  equal((await pair.send()).kind, "accepted");
  equal(pair.server.connections, 2);
  await eventually(() => equal(pair.server.openConnections, 1));
});

Deno.test("the caller's signal ends a call, before and after it is sent", async () => {
  await using pair = await Pair.start({ handler: () => null });
  equal((await pair.send(bytesOf(1), AbortSignal.abort())).kind, "aborted");
  equal(pair.server.connections, 0);
  const controller = new AbortController();
  const sent = pair.send(bytesOf(1), controller.signal);
  await eventually(() => equal(pair.server.requests.length, 1));
  controller.abort();
  equal((await sent).kind, "aborted");
  await eventually(() => equal(pair.server.openConnections, 0));
});

Deno.test("after GOAWAY, a cut and a restart the next call takes a new connection", async () => {
  await using pair = await Pair.start();
  equal((await pair.send()).kind, "accepted");
  pair.server.goaway();
  await eventually(() => equal(pair.server.openConnections, 0));
  equal((await pair.send()).kind, "accepted");
  pair.server.cut();
  await eventually(() => equal(pair.server.openConnections, 0));
  equal((await pair.send()).kind, "accepted");
  equal(pair.server.connections, 3);

  const { port } = pair.server;
  await pair.server[Symbol.asyncDispose]();
  const refused = await pair.send();
  ok(refused.kind === "retry");
  equal(refused.problem.code, "collector-refused");
  await using again = await GrpcServer.start({ port });
  equal((await pair.send()).kind, "accepted");
  equal(again.connections, 1);
});

Deno.test("GOAWAY lets a call that is under way end", async () => {
  const gate = Promise.withResolvers<GrpcAnswer>();
  await using pair = await Pair.start({ handler: ({ attempt }) => attempt === 1 ? gate.promise : {} });
  const sent = pair.send();
  await eventually(() => equal(pair.server.requests.length, 1));
  pair.server.goaway();
  // Those that were sent before it was read are refused, or taken yet.
  await eventually(async () => {
    await pair.send();
    equal(pair.server.connections, 2);
  });
  gate.resolve({});
  equal((await sent).kind, "accepted");
});

Deno.test("TLS: trusted authorities and the client's certificate count, what fails is told", async () => {
  using authority = new TestAuthority();
  using stranger = new TestAuthority();
  const { cert, key } = authority.server;
  await using server = await GrpcServer.start({ tls: { cert, key } });
  const send = async (trusted: string[], url = server.url) => {
    const certificates = { trusted, client: null };
    const common = { url: url + TRACES_CALL, headers: {}, timeoutMs: 60_000, compression: "none" } as const;
    using sender = new GrpcSender({ ...common, certificates });
    return await sender.send(await sender.prepare(bytesOf(200_003)), NEVER);
  };
  equal((await send([authority.ca.cert])).kind, "accepted");
  deepEqual(server.requests[0]!.message, bytesOf(200_003));
  const f = async (trusted: string[], url: string, code: string, why: RegExp) => {
    const result = await send(trusted, url);
    ok(result.kind === "retry");
    equal(result.problem.code, code);
    match(result.why, why);
  };
  await f([stranger.ca.cert], server.url, "collector-tls", /give the PEM file of its CA/);
  await f(
    [authority.ca.cert],
    server.url.replace("127.0.0.1", "localhost"),
    "collector-tls",
    /not valid for name "localhost"/,
  );
  await f([], server.url.replace("https", "http"), "collector-not-grpc", /does not speak HTTP\/2/);
  await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response());
  await f([], `https://127.0.0.1:${web.addr.port}`, "collector-tls", /InvalidContentType/);
});
