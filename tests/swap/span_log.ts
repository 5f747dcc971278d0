/**
 * An OTLP receiver that only keeps the spans that it gets, so that it costs little while the load runs; decoded
 * afterwards.
 */
import { decodeExportRequest } from "../support/otlp_sink.ts";
import type { ReceivedSpan } from "../support/span.ts";

async function bodyOf(request: Request): Promise<Uint8Array> {
  const stream = request.headers.get("content-encoding") === "gzip"
    ? request.body?.pipeThrough(new DecompressionStream("gzip"))
    : request.body;
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
}

/** A running receiver. */
export class SpanLog implements AsyncDisposable {
  readonly #bodies: Uint8Array[] = [];
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await bodyOf(request);
    if (new URL(request.url).pathname === "/v1/traces") this.#bodies.push(body);
    return new Response(null, { status: 200, headers: { "content-type": "application/x-protobuf" } });
  });

  /** Base URL for `--otlp`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Every span received, each once; what was yielded is forgotten. */
  *take(): Generator<ReceivedSpan> {
    for (let body = this.#bodies.shift(); body; body = this.#bodies.shift()) yield* decodeExportRequest(body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
