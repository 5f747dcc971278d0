import { deepEqual, equal } from "node:assert/strict";
import { encodeMessage } from "../../tests/support/otlp_proto.ts";
import { readErrorMessage, readPartialSuccess } from "./otlp_response.ts";

const PROTOBUF = "application/x-protobuf";
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("readPartialSuccess() reads protobuf and JSON", () => {
  const partialSuccess = { rejectedSpans: 7, errorMessage: "too old" };
  const message = encodeMessage("ExportTraceServiceResponse", { partialSuccess });
  deepEqual(readPartialSuccess(message, PROTOBUF), { rejected: 7, message: "too old" });
  const json = (body: unknown) =>
    readPartialSuccess(bytes(JSON.stringify(body)), "application/json; charset=utf-8");
  deepEqual(json({ partialSuccess: { rejectedSpans: "7", errorMessage: "too old" } }), {
    rejected: 7,
    message: "too old",
  });
  deepEqual(json({ partialSuccess: { rejectedSpans: 7 } }), { rejected: 7, message: "" });
});

Deno.test("readPartialSuccess() takes everything else for full success", () => {
  const none = { rejected: 0, message: "" };
  deepEqual(readPartialSuccess(new Uint8Array(), PROTOBUF), none);
  deepEqual(readPartialSuccess(bytes("OK"), "text/plain"), none);
  deepEqual(readPartialSuccess(bytes("{"), "application/json"), none);
  deepEqual(readPartialSuccess(bytes("null"), "application/json"), none);
  deepEqual(
    readPartialSuccess(bytes('{"partialSuccess":{"rejectedSpans":"many"}}'), "application/json"),
    none,
  );
  const negative = encodeMessage("ExportTraceServiceResponse", { partialSuccess: { rejectedSpans: -7 } });
  deepEqual(readPartialSuccess(negative, PROTOBUF), none);
});

Deno.test("readErrorMessage() reads protobuf, JSON and text, in one line of bounded length", () => {
  equal(readErrorMessage(encodeMessage("RpcStatus", { code: 3, message: "bad span" }), PROTOBUF), "bad span");
  equal(readErrorMessage(bytes('{"code":3,"message":"bad span"}'), "application/json"), "bad span");
  equal(readErrorMessage(bytes("no\nsuch\x1b[2J page\n"), "text/html"), "no\\u000asuch\\u001b[2J page");
  equal(readErrorMessage(bytes("plain"), PROTOBUF), "plain");
  equal(readErrorMessage(new Uint8Array(), ""), "");
  equal(readErrorMessage(bytes("x".repeat(1_009)), "text/plain").length, 301);
});
