/** GrpcSender against Node's HTTP/2 server: what is sent, over which connection. Hostile servers: http2/. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { eventually } from "../../tests/support/eventually.ts";
import { TestAuthority } from "../../tests/support/otlp_certificates.ts";
import { bytesOf, GrpcPair } from "../../tests/support/otlp_grpc_pair.ts";
import { type GrpcAnswer, GrpcServer, TRACES_CALL } from "../../tests/support/otlp_grpc_server.ts";
import { encodeMessage } from "../../tests/support/otlp_proto.ts";
import { GrpcSender } from "./grpc_sender.ts";

const NEVER = new AbortController().signal;

Deno.test("GrpcSender makes a unary call with the configured headers as metadata", async () => {
  const headers = {
    Authorization: "Bearer x",
    "content-type": "text/plain",
    "grpc-timeout": "1H",
    "x-b": "\xe9",
  };
  await using pair = await GrpcPair.start({}, { headers, timeoutMs: 40_000 });
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
  await using pair = await GrpcPair.start({ handler }, { compression: "gzip" });
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
    await using pair = await GrpcPair.start({ settings: { initialWindowSize } });
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
  await using pair = await GrpcPair.start({ settings: { maxConcurrentStreams: 2 }, handler });
  // The limit is known when the first answer is there.
  await pair.send();
  const results = await Promise.all(Array.from({ length: 9 }, () => pair.send()));
  deepEqual([results.every(({ kind }) => kind === "accepted"), most], [true, 2]);
});

Deno.test("a server that keeps no table of headers is obeyed", async () => {
  await using pair = await GrpcPair.start({ settings: { headerTableSize: 0 } });
  for (let call = 0; call < 3; call++) equal((await pair.send()).kind, "accepted");
  equal(pair.server.connections, 1);
});

Deno.test("an answer that does not come ends at the time limit, and the next call takes another connection", async () => {
  await using pair = await GrpcPair.start({ handler: ({ attempt }) => attempt === 1 ? null : {} }, {
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
  await using pair = await GrpcPair.start({ handler: () => null });
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
  await using pair = await GrpcPair.start();
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
  await using pair = await GrpcPair.start({ handler: ({ attempt }) => attempt === 1 ? gate.promise : {} });
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
