/** One attempt to hand a request to a collector by OTLP/HTTP, and what its answer means. Used by deliver(). */
import type { Compression, Protocol } from "../config/config.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { type Reason, reasonOf } from "../support/reason.ts";
import { VERSION } from "../support/version.ts";
import { type Certificates, createClient } from "./certificates.ts";
import { answerProblem, fetchProblem, problem } from "./collector_problem.ts";
import { describeFetchError } from "./fetch_error.ts";
import { type PartialSuccess, readErrorMessage, readPartialSuccess } from "./otlp_response.ts";
import { parseRetryAfter } from "./retry.ts";

/** What became of an attempt. */
export type SendResult =
  | { readonly kind: "accepted" } & PartialSuccess
  /** The same request may succeed later. */
  | {
    readonly kind: "retry";
    readonly why: string;
    readonly problem: Reason;
    readonly retryAfterMs: number | null;
  }
  /** It never will. */
  | { readonly kind: "refused"; readonly reason: string; readonly why: string; readonly problem: Reason }
  /** The caller's signal ended it. */
  | { readonly kind: "aborted" };

export interface HttpSenderOptions {
  readonly url: string;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, answer included. */
  readonly timeoutMs: number;
  readonly compression: Compression;
  /** Default: the well-known authorities, no client certificate. */
  readonly certificates?: Certificates;
  /** For dates in Retry-After. */
  readonly clock?: Clock;
}

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  "http/protobuf": "application/x-protobuf",
  "http/json": "application/json",
};
/** Statuses that OTLP/HTTP calls retryable. */
const RETRYABLE = new Set([429, 502, 503, 504]);
/** What the specification recommends; a longer answer is an error that is not retried ("OTLP/HTTP Response"). */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A body, compressed once and sent as often as needed. */
export interface PreparedRequest {
  readonly body: Uint8Array<ArrayBuffer>;
}

export class HttpSender implements Disposable {
  readonly #options: HttpSenderOptions;
  readonly #headers: Headers;
  readonly #client: Deno.HttpClient;

  /** @throws {Error} when a header cannot be sent. */
  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#headers = createHeaders({ "user-agent": `tsunagi/${VERSION}`, ...options.headers });
    this.#headers.set("content-type", CONTENT_TYPES[options.protocol]);
    this.#headers.delete("content-encoding");
    if (options.compression === "gzip") this.#headers.set("content-encoding", "gzip");
    this.#client = createClient(options.certificates ?? { trusted: [], client: null });
  }

  /** The collector without path, query or secrets. */
  get origin(): string {
    return new URL(this.#options.url).origin;
  }

  /** Compresses `message` if that is wanted. */
  async prepare(message: Uint8Array<ArrayBuffer>): Promise<PreparedRequest> {
    if (this.#options.compression === "none") return { body: message };
    const stream = new Blob([message]).stream().pipeThrough(new CompressionStream("gzip"));
    return { body: await new Response(stream).bytes() };
  }

  /** Posts the request once; it never rejects. */
  async send({ body }: PreparedRequest, signal: AbortSignal): Promise<SendResult> {
    const { url, timeoutMs } = this.#options;
    if (signal.aborted) return { kind: "aborted" };
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: this.#headers,
        body,
        // A redirect would turn the POST into a GET and lose the request without a word.
        redirect: "manual",
        signal: controller.signal,
        client: this.#client,
      });
      return await this.#judge(response);
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      const why = timedOut ? `no complete answer within ${timeoutMs} ms` : describeFetchError(error, url);
      const cause = timedOut ? new DOMException(why, "TimeoutError") : error;
      const problem = reasonOf(fetchProblem(cause, new URL(url), timeoutMs));
      return { kind: "retry", why, problem, retryAfterMs: null };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose]() {
    this.#client.close();
  }

  /** Rejects when the answer is cut. */
  async #judge(response: Response): Promise<SendResult> {
    const contentType = response.headers.get("content-type") ?? "";
    const { status } = response;
    const body = await readBounded(response);
    if (body === null) {
      const why = `HTTP status ${status} with an answer of more than ${MAX_ANSWER_BYTES} bytes`;
      const tooLarge = problem(
        "collector-not-otlp",
        `It answers ${status} with more than ${MAX_ANSWER_BYTES} bytes`,
      );
      return { kind: "refused", reason: "answer_too_large", why, problem: reasonOf(tooLarge) };
    }
    if (response.ok) return { kind: "accepted", ...readPartialSuccess(body, contentType) };
    const target = redirectTarget(response);
    const redirects = status >= 300 && status < 400;
    const message = redirects ? describeRedirect(target) : readErrorMessage(body, contentType);
    const why = `HTTP status ${status}${message === "" ? "" : `: ${message}`}`;
    const { url, headers, clock = SYSTEM_CLOCK } = this.#options;
    const wrong = answerProblem({
      url: new URL(url),
      status,
      contentType,
      said: message,
      location: target,
      hasHeaders: Object.keys(headers).length > 0,
    }) ?? problem("collector-error", why);
    if (!RETRYABLE.has(status)) {
      return { kind: "refused", reason: `http_${status}`, why, problem: reasonOf(wrong) };
    }
    return {
      kind: "retry",
      why,
      problem: reasonOf(wrong),
      retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), clock.now()),
    };
  }
}

function createHeaders(wanted: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(wanted)) {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret.
      throw new Error(
        `Cannot send header ${JSON.stringify(name)}: its name or value has characters that HTTP forbids. ` +
          "Use letters, digits and dashes in names, and one line of Latin letters in values.",
      );
    }
  }
  return headers;
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
