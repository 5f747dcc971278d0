/**
 * The way to a collector by gRPC: one HTTP/2 connection, made when it is needed, kept and used again, and replaced when
 * it ends. Used by GrpcSender; what a reply means is judged in grpc_answer.ts.
 */
import type { Certificates } from "./certificates.ts";
import { Http2Connection } from "./http2/connection.ts";
import { type Http2Reply, NO_REPLY } from "./http2/stream.ts";

export interface GrpcConnectionOptions {
  /** http: without TLS, by prior knowledge; https: with. */
  readonly url: URL;
  readonly certificates: Certificates;
  readonly maxAnswerBytes: number;
}

/** There is no connection; the cause says why. */
export class ConnectError extends Error {}
/** A server that speaks TLS, but no HTTP/2 over it. */
export class NoHttp2Error extends Error {}

export class GrpcConnection implements Disposable {
  readonly #options: GrpcConnectionOptions;
  /** The one that the next call takes, or that is being made for it. */
  #opened: Promise<Http2Connection> | null = null;
  #disposed = false;

  constructor(options: GrpcConnectionOptions) {
    this.#options = options;
  }

  /**
   * Sends a request of the given head (from encodeHeaders()) and waits for its whole answer. Rejects only with the
   * reason of `signal`; as an answer that does not come may mean that the connection is dead, the next call then makes
   * another one.
   */
  async call(head: Uint8Array, parts: readonly Uint8Array[], signal: AbortSignal): Promise<Http2Reply> {
    try {
      const connection = await this.#usable(signal);
      const retire = () => connection.retire();
      signal.addEventListener("abort", retire);
      try {
        const { maxAnswerBytes } = this.#options;
        return await connection.call({ head, parts, maxAnswerBytes, signal });
      } finally {
        signal.removeEventListener("abort", retire);
      }
    } catch (failure) {
      signal.throwIfAborted();
      return { ...NO_REPLY, failure: new ConnectError("no connection", { cause: failure }) };
    }
  }

  /** Ends what is on its way too. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#drop();
  }

  /** The connection that is there, or another one where that takes no more calls. */
  async #usable(signal: AbortSignal): Promise<Http2Connection> {
    for (let isLast = false;; isLast = true) {
      const opened = this.#opened ??= this.#open();
      let connection: Http2Connection;
      try {
        connection = await unlessAborted(opened, signal);
      } catch (error) {
        // One that takes too long to open may never be.
        if (this.#opened === opened) this.#drop();
        throw error;
      }
      if (!connection.retired || isLast) return connection;
      if (this.#opened === opened) this.#opened = null;
    }
  }

  async #open(): Promise<Http2Connection> {
    const connection = new Http2Connection(await connect(this.#options));
    if (this.#disposed) connection.close();
    return connection;
  }

  #drop(): void {
    this.#opened?.then((connection) => connection.close(), () => {});
    this.#opened = null;
  }
}

async function connect(
  { url, certificates: { trusted, client } }: GrpcConnectionOptions,
): Promise<Deno.Conn> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const isTls = url.protocol === "https:";
  const port = portOf(url);
  if (!isTls) {
    const socket = await Deno.connect({ hostname, port });
    socket.setNoDelay(true);
    return socket;
  }
  const socket = await Deno.connectTls({
    hostname,
    port,
    caCerts: [...trusted],
    alpnProtocols: ["h2"],
    ...client,
  });
  try {
    const { alpnProtocol } = await socket.handshake();
    if (alpnProtocol !== "h2") throw new NoHttp2Error("it does not agree to speak HTTP/2");
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

export function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
