/** One attempt to hand a request to a collector by OTLP/HTTP, and what its answer means. Made by createSender(). */
import type { Protocol } from "../config/config.ts";
import { SYSTEM_CLOCK } from "../support/clock.ts";
import { AttemptLimit } from "./attempt_limit.ts";
import { createClient } from "./certificates.ts";
import { answerProblem, fetchProblem, problem } from "./collector_problem.ts";
import { describeFetchError } from "./fetch_error.ts";
import { readErrorMessage, readPartialSuccess } from "./otlp_response.ts";
import { createHeaders, prepareRequest } from "./prepare_request.ts";
import { parseRetryAfter } from "./retry.ts";
import {
  MAX_ANSWER_BYTES,
  type PreparedRequest,
  type Sender,
  type SenderOptions,
  type SendResult,
} from "./sender.ts";

export type HttpProtocol = Exclude<Protocol, "grpc">;

export interface HttpSenderOptions extends SenderOptions {
  readonly protocol: HttpProtocol;
}

const CONTENT_TYPES: Readonly<Record<HttpProtocol, string>> = {
  "http/protobuf": "application/x-protobuf",
  "http/json": "application/json",
};
/** Statuses that OTLP/HTTP calls retryable; gRPC takes them for UNAVAILABLE. */
export const RETRYABLE_HTTP: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export class HttpSender implements Sender {
  readonly #options: HttpSenderOptions;
  readonly #headers: Headers;
  readonly #client: Deno.HttpClient;

  /** @throws {Error} when a header cannot be sent. */
  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#headers = createHeaders(options.headers);
    this.#headers.set("content-type", CONTENT_TYPES[options.protocol]);
    this.#headers.delete("content-encoding");
    if (options.compression === "gzip") this.#headers.set("content-encoding", "gzip");
    this.#client = createClient(options.certificates ?? { trusted: [], client: null });
  }

  get origin(): string {
    return new URL(this.#options.url).origin;
  }

  async prepare(message: Uint8Array<ArrayBuffer>): Promise<PreparedRequest> {
    return await prepareRequest(message, this.#options.compression);
  }

  async send({ body }: PreparedRequest, signal: AbortSignal): Promise<SendResult> {
    const { url, timeoutMs } = this.#options;
    if (signal.aborted) return { kind: "aborted" };
    using limit = new AttemptLimit(signal, timeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: this.#headers,
        body,
        // A redirect would turn the POST into a GET and lose the request without a word.
        redirect: "manual",
        signal: limit.signal,
        client: this.#client,
      });
      return await this.#judge(response);
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      const why = limit.timedOut
        ? `no complete answer within ${timeoutMs} ms`
        : describeFetchError(error, url);
      const cause = limit.timedOut ? new DOMException(why, "TimeoutError") : error;
      const problem = fetchProblem(cause, new URL(url), timeoutMs);
      return { kind: "retry", why, problem, retryAfterMs: null };
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** Rejects when the answer is cut. */
  async #judge(response: Response): Promise<SendResult> {
    const contentType = response.headers.get("content-type") ?? "";
    const { status } = response;
    const body = await readBounded(response);
    if (body === null) {
      return {
        kind: "refused",
        reason: "answer_too_large",
        why: `HTTP status ${status} with an answer of more than ${MAX_ANSWER_BYTES} bytes`,
        problem: problem(
          "collector-not-otlp",
          `It answers ${status} with more than ${MAX_ANSWER_BYTES} bytes`,
        ),
      };
    }
    const target = redirectTarget(response);
    const redirects = status >= 300 && status < 400;
    const message = response.ok
      ? ""
      : redirects
      ? describeRedirect(target)
      : readErrorMessage(body, contentType);
    const why = `HTTP status ${status}${message === "" ? "" : `: ${message}`}`;
    const { url, headers, clock = SYSTEM_CLOCK } = this.#options;
    const found = answerProblem({
      url: new URL(url),
      status,
      contentType,
      said: message,
      location: target,
      hasHeaders: Object.keys(headers).length > 0,
    });
    if (response.ok) return { kind: "accepted", doubt: found, ...readPartialSuccess(body, contentType) };
    const wrong = found ?? problem("collector-error", why);
    if (!RETRYABLE_HTTP.has(status)) {
      return { kind: "refused", reason: `http_${status}`, why, problem: wrong };
    }
    return {
      kind: "retry",
      why,
      problem: wrong,
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), clock.now()),
    };
  }
}

/** The body, or null when it is too long; what follows is not waited for then. */
async function readBounded(response: Response): Promise<Uint8Array | null> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body.getReader();
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  return await new Blob(parts).bytes();
}

/** Where it redirects to, without path and query; null where it does not say. */
function redirectTarget(response: Response): string | null {
  return URL.parse(response.headers.get("location") ?? "", response.url || undefined)?.origin ?? null;
}

function describeRedirect(target: string | null): string {
  return `it redirects${
    target ? ` to ${target}` : ""
  }, which is not followed; give the address that takes OTLP`;
}
