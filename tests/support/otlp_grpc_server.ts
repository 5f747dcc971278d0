/**
 * An OTLP/gRPC receiver for both signals on Node's HTTP/2, which is none of the code under test, that answers as a test
 * wants, also badly. Keeps what it was sent.
 */
import { Buffer } from "node:buffer";
import http2 from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";

/** A call as it arrived. */
export interface GrpcRequest {
  readonly path: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly isCompressed: boolean;
  /** As it came over the wire, without the prefix. */
  readonly wireBytes: number;
  /** Uncompressed. */
  readonly message: Uint8Array<ArrayBuffer>;
}

/** What is answered; default: an empty message and status 0. */
export interface GrpcAnswer {
  readonly message?: Uint8Array;
  /** Compresses the message. */
  readonly gzip?: boolean;
  readonly trailers?: Readonly<Record<string, string>>;
  /** No message: status and all in one head. */
  readonly trailersOnly?: boolean;
}

export interface GrpcContext {
  /** 1 for the first. */
  readonly attempt: number;
  readonly request: GrpcRequest;
  readonly stream: http2.ServerHttp2Stream;
}

/** Null: the test has answered by itself, or nothing is to come. */
export type GrpcHandler = (context: GrpcContext) => GrpcAnswer | null | Promise<GrpcAnswer | null>;

export interface GrpcServerOptions {
  readonly handler?: GrpcHandler;
  readonly settings?: http2.Settings;
  /** PEM; makes it speak TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
}

export const TRACES_CALL = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
export const METRICS_CALL = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/** A status with no message. */
export function statusAnswer(status: number, more: Readonly<Record<string, string>> = {}): GrpcAnswer {
  return { trailersOnly: true, trailers: { "grpc-status": String(status), ...more } };
}

/** A running receiver. */
export class GrpcServer implements AsyncDisposable {
  readonly requests: GrpcRequest[] = [];
  handler: GrpcHandler;
  /** Connections since the beginning. */
  connections = 0;
  readonly #server: http2.Http2Server;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #scheme: string;

  private constructor({ handler = () => ({}), settings = {}, tls }: GrpcServerOptions) {
    this.handler = handler;
    this.#scheme = tls ? "https" : "http";
    this.#server = tls ? http2.createSecureServer({ ...tls, settings }) : http2.createServer({ settings });
    this.#server.on("session", (session: http2.ServerHttp2Session) => {
      this.connections++;
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
      session.on("error", () => {});
    });
    this.#server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
      stream.on("error", () => {});
      const parts: Uint8Array[] = [];
      stream.on("data", (part: Uint8Array) => parts.push(new Uint8Array(part)));
      stream.on("end", () => void this.#receive(stream, headers, parts));
    });
    this.#server.on("sessionError", () => {});
  }

  static async start(options: GrpcServerOptions = {}): Promise<GrpcServer> {
    const server = new GrpcServer(options);
    await new Promise<void>((resolve) => server.#server.listen(options.port ?? 0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** Says GOAWAY on every connection. */
  goaway(code = 0): void {
    for (const session of this.#sessions) session.goaway(code);
  }

  /** Ends every connection without a word. */
  cut(): void {
    for (const session of this.#sessions) session.destroy();
  }

  get openConnections(): number {
    return this.#sessions.size;
  }

  async #receive(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    parts: readonly Uint8Array[],
  ): Promise<void> {
    const wire = Uint8Array.from(Buffer.concat(parts));
    const isCompressed = wire[0] === 1;
    const length = new DataView(wire.buffer).getUint32(1);
    if (length !== wire.length - 5) throw new Error(`prefix says ${length} bytes, ${wire.length - 5} came`);
    const body = wire.subarray(5);
    const request = {
      path: String(headers[":path"]),
      headers,
      isCompressed,
      wireBytes: body.length,
      message: isCompressed ? new Uint8Array(gunzipSync(body)) : body,
    };
    const attempt = this.requests.push(request);
    const answer = await this.handler({ attempt, request, stream });
    if (answer !== null && !stream.destroyed) respond(stream, answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function respond(stream: http2.ServerHttp2Stream, answer: GrpcAnswer): void {
  const { message = new Uint8Array(), gzip = false, trailersOnly = false } = answer;
  const trailers = answer.trailers ?? { "grpc-status": "0" };
  const head = {
    ":status": 200,
    "content-type": "application/grpc",
    ...(gzip && { "grpc-encoding": "gzip" }),
  };
  if (trailersOnly) return stream.respond({ ...head, ...trailers }, { endStream: true });
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  const body = gzip ? new Uint8Array(gzipSync(message)) : message;
  const framed = new Uint8Array(5 + body.length);
  framed[0] = gzip ? 1 : 0;
  new DataView(framed.buffer).setUint32(1, body.length);
  framed.set(body, 5);
  stream.end(framed);
}
