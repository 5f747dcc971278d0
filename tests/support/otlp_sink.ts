/**
 * An OTLP http/protobuf receiver on the loopback that decodes what it gets with protobufjs and keeps it.
 * Stands in for a collector where a test needs many spans fast, or a back end that misbehaves.
 */
import { decodeMessage } from "./otlp_proto.ts";
import { attributeMap, fromOtlp, type OtlpAttribute, type OtlpSpan, type ReceivedSpan } from "./span.ts";

interface WireRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

/** protobufjs shows bytes in base64. */
function hex(base64: string | undefined): string {
  return base64 ? Uint8Array.fromBase64(base64).toHex() : "";
}

/** Decodes the body of one export request. */
export function decodeExportRequest(body: Uint8Array): ReceivedSpan[] {
  const request: WireRequest = decodeMessage("ExportTraceServiceRequest", body);
  const received: ReceivedSpan[] = [];
  for (const { resource, scopeSpans = [] } of request.resourceSpans ?? []) {
    const resourceAttributes = attributeMap(resource?.attributes);
    for (const span of scopeSpans.flatMap(({ spans = [] }) => spans)) {
      received.push(fromOtlp(span, resourceAttributes, hex));
    }
  }
  return received;
}

async function bodyOf(request: Request): Promise<Uint8Array> {
  const stream = request.headers.get("content-encoding") === "gzip"
    ? request.body?.pipeThrough(new DecompressionStream("gzip"))
    : request.body;
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
}

/** How a sink answers a request: an HTTP status, 200 unless a test says otherwise. */
export type SinkAnswer = () => number;

/** A running sink. */
export class OtlpSink implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** Requests seen, whatever they were answered. */
  requests = 0;
  /** Headers of the last one. */
  headers = new Headers();
  answer: SinkAnswer = () => 200;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(port = 0) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#receive(request),
    );
  }

  /** Base URL for `--otlp`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Takes all spans received so far. */
  take(): ReceivedSpan[] {
    return this.spans.splice(0);
  }

  async #receive(request: Request): Promise<Response> {
    this.requests++;
    this.headers = request.headers;
    const body = await bodyOf(request);
    if (new URL(request.url).pathname !== "/v1/traces") return new Response(null, { status: 404 });
    const status = this.answer();
    if (status === 200) this.spans.push(...decodeExportRequest(body));
    return new Response(new Uint8Array(), { status, headers: { "content-type": "application/x-protobuf" } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
