/**
 * An OTLP/HTTP receiver for both signals and both encodings that answers as a test wants, also badly. It keeps what
 * it was sent; what a request says is read by protobufjs or as JSON, never by the code under test.
 */
import { decodeMetrics } from "./otlp_metrics_proto.ts";
import { decodeMessage, encodeMessage } from "./otlp_proto.ts";

/** A request as it arrived. */
export interface OtlpRequest {
  readonly path: string;
  readonly headers: Headers;
  /** As it came over the wire. */
  readonly wireBytes: number;
  /** Uncompressed. */
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface OtlpAnswerContext {
  /** 1 for the first. */
  readonly attempt: number;
  readonly request: OtlpRequest;
  /** Resolves when the server is told to end: for answers that never come. */
  readonly ending: Promise<void>;
}

export type OtlpAnswer = (context: OtlpAnswerContext) => Response | Promise<Response>;

export interface OtlpServerOptions {
  /** Default: full success. */
  readonly answer?: OtlpAnswer;
  readonly port?: number;
  /** PEM; makes it speak TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Full success. */
export const okAnswer = (): Response =>
  new Response(null, { headers: { "content-type": "application/x-protobuf" } });

/** 200, with something rejected. */
export function partialAnswer(rejected: number, errorMessage: string): Response {
  const body = encodeMessage("ExportTraceServiceResponse", {
    partialSuccess: { rejectedSpans: rejected, errorMessage },
  });
  return new Response(body, { headers: { "content-type": "application/x-protobuf" } });
}

/** A running receiver. */
export class OtlpServer implements AsyncDisposable {
  readonly requests: OtlpRequest[] = [];
  answer: OtlpAnswer;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  readonly #ending = Promise.withResolvers<void>();
  readonly #scheme: string;

  constructor({ answer = okAnswer, port = 0, tls }: OtlpServerOptions = {}) {
    this.answer = answer;
    this.#scheme = tls ? "https" : "http";
    const options = {
      hostname: "127.0.0.1",
      port,
      signal: this.#stop.signal,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    };
    const receive = (request: Request) => this.#receive(request);
    this.#server = tls
      ? Deno.serve({ ...options, cert: tls.cert, key: tls.key }, receive)
      : Deno.serve(options, receive);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get tracesUrl(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/v1/traces`;
  }

  get metricsUrl(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/v1/metrics`;
  }

  async #receive(request: Request): Promise<Response> {
    const wire = await request.bytes();
    const received = {
      path: new URL(request.url).pathname,
      headers: request.headers,
      wireBytes: wire.length,
      body: request.headers.get("content-encoding") === "gzip" ? await gunzip(wire) : wire,
    };
    const attempt = this.requests.push(received);
    return await this.answer({ attempt, request: received, ending: this.#ending.promise });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.resolve();
    this.#stop.abort();
    await this.#server.finished;
  }
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}

interface TracesMessage {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly { readonly name: string }[] }[];
  }[];
}

/** What a request says: JSON as it stands, protobuf as protobufjs shows it (ids in base64). */
export function messageOf({ path, headers, body }: OtlpRequest): Record<string, unknown> {
  if (headers.get("content-type") === "application/json") return JSON.parse(new TextDecoder().decode(body));
  return path === "/v1/metrics" ? decodeMetrics(body) : decodeMessage("ExportTraceServiceRequest", body);
}

/** Names of the spans in a request, in order. */
export function spanNames(request: OtlpRequest): string[] {
  const { resourceSpans = [] } = messageOf(request) as TracesMessage;
  return resourceSpans.flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) => spans.map(({ name }) => name))
  );
}
