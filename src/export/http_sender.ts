/** One attempt to hand a request to a collector by OTLP/HTTP, and what its answer means. Used by OtlpExporter. */
import { describeError } from "../support/errors.ts";
import { VERSION } from "../support/version.ts";
import { readErrorMessage, readPartialSuccess } from "./otlp_response.ts";
import { parseRetryAfter } from "./retry.ts";

/** What became of an attempt. */
export type SendResult =
  | { readonly kind: "accepted"; readonly rejected: number; readonly message: string }
  /** The same request may succeed later. */
  | { readonly kind: "retry"; readonly why: string; readonly retryAfterMs: number | null }
  /** It never will. */
  | { readonly kind: "refused"; readonly status: number; readonly why: string }
  /** The caller's signal ended it. */
  | { readonly kind: "aborted" };

export interface HttpSenderOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, answer included. */
  readonly timeoutMs: number;
  readonly compression: "none" | "gzip";
}

/** Statuses that OTLP/HTTP calls retryable. */
const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_ANSWER_BYTES = 64 * 1024;

/** A body, compressed once and sent as often as needed. */
export interface PreparedRequest {
  readonly body: Uint8Array<ArrayBuffer>;
}

export class HttpSender implements Disposable {
  readonly #options: HttpSenderOptions;
  readonly #headers: Headers;
  readonly #client = Deno.createHttpClient({});

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    this.#headers = new Headers({ "user-agent": `tsunagi/${VERSION}`, ...options.headers });
    this.#headers.set("content-type", "application/x-protobuf");
    if (options.compression === "gzip") this.#headers.set("content-encoding", "gzip");
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
        // A redirect would turn the POST into a GET and lose the spans without a word.
        redirect: "manual",
        signal: controller.signal,
        client: this.#client,
      });
      return await judge(response);
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      const why = timedOut ? `no complete answer within ${timeoutMs} ms` : describeFetchError(error);
      return { kind: "retry", why, retryAfterMs: null };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose]() {
    this.#client.close();
  }
}

/** Rejects when the answer is cut. */
async function judge(response: Response): Promise<SendResult> {
  const contentType = response.headers.get("content-type") ?? "";
  const body = await readBounded(response);
  if (response.ok) {
    return { kind: "accepted", ...readPartialSuccess(body, contentType) };
  }
  const message = readErrorMessage(body, contentType);
  const why = `HTTP status ${response.status}${message === "" ? "" : `: ${message}`}`;
  if (!RETRYABLE.has(response.status)) return { kind: "refused", status: response.status, why };
  return {
    kind: "retry",
    why,
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after"), Date.now()),
  };
}

/** At most MAX_ANSWER_BYTES of the body; what follows is not waited for. */
async function readBounded(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const bytes = new Uint8Array(MAX_ANSWER_BYTES);
  let length = 0;
  const reader = response.body.getReader();
  while (length < bytes.length) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    const part = value.subarray(0, bytes.length - length);
    bytes.set(part, length);
    length += part.length;
  }
  await reader.cancel();
  return bytes;
}

/** Without the path and query of the URL, which may hold a key. */
function describeFetchError(error: unknown): string {
  return describeError(error).replace(
    /https?:\/\/[^\s)]+/g,
    (url) => URL.parse(url)?.origin ?? "the collector",
  );
}
