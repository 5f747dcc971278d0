/** One attempt to hand a request to a collector by OTLP/gRPC, a unary call. Made by createSender(). */
import { AttemptLimit } from "./attempt_limit.ts";
import { problem } from "./collector_problem.ts";
import { type AskedFor, judgeReply, PREFIX_BYTES } from "./grpc_answer.ts";
import { GrpcConnection } from "./grpc_connection.ts";
import { encodeHeaders, type HeaderField } from "./http2/hpack.ts";
import { createHeaders, prepareRequest } from "./prepare_request.ts";
import {
  MAX_ANSWER_BYTES,
  type PreparedRequest,
  type Sender,
  type SenderOptions,
  type SendResult,
} from "./sender.ts";

export type GrpcSenderOptions = Omit<SenderOptions, "protocol">;

/** Those of a connection, which HTTP/2 does not know (RFC 9113, 8.2.2). */
const FORBIDDEN = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];

export class GrpcSender implements Sender {
  readonly origin: string;
  readonly #options: GrpcSenderOptions;
  readonly #head: Uint8Array;
  readonly #asked: AskedFor;
  readonly #connection: GrpcConnection;

  /** @throws {Error} when a header cannot be sent. */
  constructor(options: GrpcSenderOptions) {
    const url = new URL(options.url);
    this.origin = url.origin;
    this.#options = options;
    this.#head = encodeHeaders(callHeaders(url, options));
    const { headers, timeoutMs } = options;
    this.#asked = { url, hasHeaders: Object.keys(headers).length > 0, timeoutMs };
    this.#connection = new GrpcConnection({
      url,
      certificates: options.certificates ?? { trusted: [], client: null },
      maxAnswerBytes: MAX_ANSWER_BYTES + PREFIX_BYTES,
    });
  }

  async prepare(message: Uint8Array<ArrayBuffer>): Promise<PreparedRequest> {
    return await prepareRequest(message, this.#options.compression);
  }

  async send({ body }: PreparedRequest, signal: AbortSignal): Promise<SendResult> {
    const { timeoutMs, compression } = this.#options;
    if (signal.aborted) return { kind: "aborted" };
    using limit = new AttemptLimit(signal, timeoutMs);
    const prefix = new Uint8Array(PREFIX_BYTES);
    prefix[0] = compression === "gzip" ? 1 : 0;
    new DataView(prefix.buffer).setUint32(1, body.length);
    try {
      return await judgeReply(
        await this.#connection.call(this.#head, [prefix, body], limit.signal),
        this.#asked,
      );
    } catch {
      if (!limit.timedOut) return { kind: "aborted" };
      const why = `no complete answer within ${timeoutMs} ms`;
      const late = problem("collector-timeout", `${this.#asked.url.host} gave ${why}`);
      return { kind: "retry", why, problem: late, retryAfterMs: null };
    }
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/** Headers of a call; configured ones are its metadata, but for those that the protocol has a meaning for. */
function callHeaders(url: URL, { headers, timeoutMs, compression }: GrpcSenderOptions): HeaderField[] {
  const metadata = createHeaders(headers);
  const forbidden = FORBIDDEN.find((name) => metadata.has(name));
  if (forbidden !== undefined) {
    throw new Error(
      `Cannot send header "${forbidden}": HTTP/2, which gRPC goes by, forbids it. Leave it out.`,
    );
  }
  const own = Object.entries({
    "content-type": "application/grpc",
    "te": "trailers",
    "grpc-timeout": `${timeoutMs}m`,
    "grpc-accept-encoding": "identity,gzip",
    ...(compression === "gzip" && { "grpc-encoding": "gzip" }),
  });
  const kept = [...metadata].filter(([name]) =>
    !/^(content-type|te|host|content-length|grpc-.*)$/.test(name)
  );
  return [
    [":method", "POST"],
    [":scheme", url.protocol.slice(0, -1)],
    [":path", url.pathname],
    [":authority", url.host],
    ...own,
    ...kept,
  ];
}
