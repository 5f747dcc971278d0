/** Sends many requests at once, each with its own trace context, and keeps what came back. */

import { sleep } from "./eventually.ts";

/** The trace context that a request brings along. */
export interface SentContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
  readonly tracestate?: string;
}

/** One request of a load. */
export interface LoadRequest {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly context?: SentContext;
}

/** What came back: a status and a body, or an error. */
export interface LoadResult<Body> {
  readonly request: LoadRequest;
  readonly status: number;
  readonly headers: Headers;
  /** Of an answer in JSON. */
  readonly body: Body | null;
  /** Length of the answer's body. */
  readonly bytes: number;
  readonly error: string | null;
}

/** Random id of `bytes` bytes in hex; never all zeroes. */
export function randomId(bytes: number): string {
  const id = crypto.getRandomValues(new Uint8Array(bytes));
  id[0] = (id[0] ?? 0) | 1;
  return id.toHex();
}

/** A fresh context as a caller outside would send it. */
export function freshContext(flags = "01", tracestate?: string): SentContext {
  return { traceId: randomId(16), spanId: randomId(8), flags, ...(tracestate ? { tracestate } : {}) };
}

/** The value of a traceparent header. */
export function traceparentOf({ traceId, spanId, flags }: SentContext): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

function headersOf(context: SentContext | undefined): Record<string, string> {
  if (!context) return {};
  return {
    traceparent: traceparentOf(context),
    ...(context.tracestate ? { tracestate: context.tracestate } : {}),
  };
}

/** A load generator with a pool of connections. */
export class LoadGenerator implements Disposable {
  readonly #client: Deno.HttpClient;
  #closed = false;

  constructor(readonly baseUrl: string, readonly concurrency: number) {
    this.#client = Deno.createHttpClient({ poolMaxIdlePerHost: concurrency });
  }

  /** Sends one request and reads its answer, if that is JSON. */
  async send<Body>(request: LoadRequest): Promise<LoadResult<Body>> {
    try {
      const response = await fetch(this.baseUrl + request.path, {
        client: this.#client,
        method: request.method ?? "GET",
        headers: headersOf(request.context),
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      const content = await response.bytes();
      const text = new TextDecoder().decode(content);
      const isJson = response.headers.get("content-type")?.startsWith("application/json") ?? false;
      const { status, headers } = response;
      const body = isJson ? JSON.parse(text) : null;
      return { request, status, headers, body, bytes: content.length, error: null };
    } catch (error) {
      return { request, status: 0, headers: new Headers(), body: null, bytes: 0, error: String(error) };
    }
  }

  /** Sends all requests, at most `concurrency` at a time; results in the order of the requests. */
  async sendAll<Body>(requests: readonly LoadRequest[]): Promise<LoadResult<Body>[]> {
    const results: LoadResult<Body>[] = [];
    let next = 0;
    const worker = async () => {
      while (true) {
        const n = next++;
        const request = requests[n];
        if (!request) return;
        results[n] = await this.send<Body>(request);
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, worker));
    return results;
  }

  /**
   * Sends `make()` over and over until the signal, or the end of the generator, with a pause after each on every
   * connection; tells how many were sent and what failed.
   */
  async until(
    signal: AbortSignal,
    make: () => LoadRequest,
    pauseMs = 0,
  ): Promise<{ sent: number; failures: string[] }> {
    const failures: string[] = [];
    let sent = 0;
    const worker = async () => {
      while (!signal.aborted && !this.#closed) {
        const { error, status } = await this.send(make());
        sent++;
        if (pauseMs > 0) await sleep(pauseMs);
        if (error === null && status === 200) continue;
        failures.push(error ?? `status ${status}`);
        await sleep(10);
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, worker));
    return { sent, failures };
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#client.close();
  }
}
