/** What each answer to a call means to GrpcSender. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { answered, GrpcPair } from "../../tests/support/otlp_grpc_pair.ts";
import { statusAnswer } from "../../tests/support/otlp_grpc_server.ts";
import { encodeMessage } from "../../tests/support/otlp_proto.ts";

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
  await using pair = await GrpcPair.start({ handler });
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
