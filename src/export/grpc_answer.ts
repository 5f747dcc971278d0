/** What a reply to an OTLP/gRPC call means: taken, to be tried again, or refused, and why. Used by GrpcSender. */
import { addressOf } from "./address.ts";
import { answerProblem, type CollectorProblem, connectionProblem, problem } from "./collector_problem.ts";
import { describeFetchError } from "./fetch_error.ts";
import { ConnectError, NoHttp2Error } from "./grpc_connection.ts";
import { type GrpcStatus, isRetryable, readStatus, statusOfReset } from "./grpc_status.ts";
import type { Http2Reply } from "./http2/stream.ts";
import { RETRYABLE_HTTP } from "./http_sender.ts";
import { readErrorMessage, readPartialSuccess } from "./otlp_response.ts";
import { MAX_ANSWER_BYTES, type SendResult } from "./sender.ts";

export interface AskedFor {
  readonly url: URL;
  /** Whether the configuration gives headers of its own. */
  readonly hasHeaders: boolean;
  /** Of an attempt. */
  readonly timeoutMs: number;
}

/** Never rejects. */
export async function judgeReply(reply: Http2Reply, asked: AskedFor): Promise<SendResult> {
  const { status: httpStatus, headers, body } = reply;
  if (body === null) return tooLarge();
  // A proxy may answer in HTTP's terms; where it speaks gRPC, that counts.
  const status = statusOf(reply);
  if (status?.name === "ok") {
    const message = await readMessage(body, headers["grpc-encoding"] ?? "identity");
    if (message === "too large") return tooLarge();
    return { kind: "accepted", doubt: null, ...readPartialSuccess(message, "application/x-protobuf") };
  }
  if (status !== null) return judgeStatus(status, asked);
  if (httpStatus !== null && httpStatus !== 200) return judgeHttp(reply, asked);
  const contentType = headers["content-type"] ?? "";
  if (httpStatus !== null && !contentType.startsWith("application/grpc")) {
    const said = `it answers with ${contentType || "no content type"} instead of gRPC`;
    return {
      kind: "refused",
      reason: "grpc_unknown",
      why: said,
      problem: problem("collector-not-grpc", `What listens on ${asked.url.host} is no gRPC server: ${said}`),
    };
  }
  if (reply.complete) return judgeStatus(NO_STATUS, asked);
  const lost = lossProblem(reply, asked);
  return { kind: "retry", why: lost.message, problem: lost, retryAfterMs: null };
}

/** Null where it has none, or is not whole. */
function statusOf({ complete, headers, trailers, reset }: Http2Reply): GrpcStatus | null {
  if (complete) return readStatus(trailers) ?? readStatus(headers);
  return reset === null ? null : statusOfReset(reset);
}

function tooLarge(): SendResult {
  const said = `answer of more than ${MAX_ANSWER_BYTES} bytes`;
  return {
    kind: "refused",
    reason: "answer_too_large",
    why: said,
    problem: problem("collector-not-otlp", `It gives an ${said}`),
  };
}

function judgeStatus(status: GrpcStatus, { hasHeaders }: AskedFor): SendResult {
  const { name, message, retryDelayMs } = status;
  const why = `gRPC status ${name}${message === "" ? "" : `: ${message}`}`;
  const wrong = statusProblem(status, { why: `It answers ${why}`, hasHeaders });
  return isRetryable(status)
    ? { kind: "retry", why, problem: wrong, retryAfterMs: retryDelayMs }
    : { kind: "refused", reason: `grpc_${name}`, why, problem: wrong };
}

function statusProblem(
  status: GrpcStatus,
  { why, hasHeaders }: { readonly why: string; readonly hasHeaders: boolean },
): CollectorProblem {
  if (isRetryable(status)) return problem("collector-busy", why, "warn");
  switch (status.name) {
    case "unauthenticated":
    case "permission_denied": {
      const sent = hasHeaders ? "the configured headers" : "no headers of its own";
      return problem("collector-unauthorized", `${why} (the agent sends ${sent})`);
    }
    case "unimplemented":
      return problem("collector-signal-unknown", why);
    case "resource_exhausted":
      return problem("collector-busy", `${why}, without saying when to try again`, "warn");
    case "invalid_argument":
    case "not_found":
    case "already_exists":
    case "failed_precondition":
      return problem("collector-bad-request", why);
    default:
      return problem("collector-error", why);
  }
}

/** What gRPC takes an answer for that ends without a status. */
const NO_STATUS: GrpcStatus = { name: "internal", message: "its answer has no status", retryDelayMs: null };

/** HTTP without gRPC: of a proxy in between, or of an OTLP/HTTP receiver that speaks HTTP/2 too. */
function judgeHttp({ status, headers, body }: Http2Reply, { url, hasHeaders }: AskedFor): SendResult {
  const contentType = headers["content-type"] ?? "";
  const said = readErrorMessage(body!, contentType);
  const why = `HTTP status ${status}, without one of gRPC${said === "" ? "" : `: ${said}`}`;
  const answer = {
    url,
    status: status!,
    contentType,
    said,
    location: headers["location"] ?? null,
    hasHeaders,
  };
  const wrong = answerProblem(answer);
  if (RETRYABLE_HTTP.has(status!)) return { kind: "retry", why, problem: wrong!, retryAfterMs: null };
  const noGrpc = wrong === null || wrong.code === "collector-path-unknown" ||
    wrong.code === "collector-media-type";
  return {
    kind: "refused",
    reason: `http_${status}`,
    why,
    problem: noGrpc ? problem("collector-not-grpc", `${url.host} answers ${why}`) : wrong,
  };
}

/** Why there is no connection, or an answer that is not whole. */
function lossProblem({ failure, spokeHttp2 }: Http2Reply, { url, timeoutMs }: AskedFor): CollectorProblem {
  const { host } = url;
  const isTls = url.protocol === "https:";
  const cause = failure instanceof ConnectError ? failure.cause : failure;
  const text = cause === null ? "" : `: ${describeFetchError(cause, url.href)}`;
  if (cause instanceof NoHttp2Error || /NoApplicationProtocol/.test(text)) {
    return problem("collector-not-grpc", `What listens on ${host} offers no HTTP/2 over TLS${text}`);
  }
  if (isTls && /certificate|\btls\b|alert|corrupt message|handshake/i.test(text)) {
    return problem("collector-tls", `TLS with ${host} fails${text}`);
  }
  if (failure instanceof ConnectError) {
    return connectionProblem(cause, { ...addressOf(url), timeoutMs });
  }
  if (spokeHttp2) return problem("collector-connection-cut", `${host} ended the connection${text}`);
  return isTls
    ? problem("collector-tls", `${host} ended the connection right after the TLS handshake${text}`)
    : problem("collector-not-grpc", `What listens on ${host} does not speak HTTP/2${text}`);
}

/**
 * The message behind its prefix of a flag and a length (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"), uncompressed; an
 * answer without one, or that cannot be read, is an empty message: the status alone says that all was taken.
 */
async function readMessage(
  body: Uint8Array<ArrayBuffer>,
  encoding: string,
): Promise<Uint8Array | "too large"> {
  if (body.length < PREFIX_BYTES) return new Uint8Array();
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1);
  const message = body.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  if (body[0] === 0) return message;
  if (encoding !== "gzip") return new Uint8Array();
  try {
    return await gunzip(message);
  } catch {
    return new Uint8Array();
  }
}

/** Flag and length before each message. */
export const PREFIX_BYTES = 5;

async function gunzip(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array | "too large"> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of new Blob([message]).stream().pipeThrough(new DecompressionStream("gzip"))) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) return "too large";
    parts.push(part);
  }
  return await new Blob(parts).bytes();
}
