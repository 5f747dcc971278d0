/**
 * The way to a collector by gRPC: one HTTP/2 connection, made when it is needed, kept and used again, and replaced when
 * it ends. Used by GrpcSender; what a reply means is judged in grpc_answer.ts.
 */
import { addressOf } from "./address.ts";
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

/** A connection that is there, or being made. */
interface Opening {
  readonly connection: Promise<Http2Connection>;
  /** Ends the making. */
  readonly stop: AbortController;
  /** When a call that was not served gives it up, by performance.now(). */
  readonly staleAt: number;
}

/**
 * Time for a TLS handshake that a server leaves unanswered, doubled each time: Deno keeps the socket of one that is
 * given up until the server closes it, so that one for each call would use up all descriptors.
 */
const HANDSHAKE_MS = 60_000;
const MAX_HANDSHAKE_MS = 3_600_000;

export class GrpcConnection implements Disposable {
  readonly #options: GrpcConnectionOptions;
  /** The one that the next call takes. */
  #opened: Opening | null = null;
  #patienceMs = HANDSHAKE_MS;

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
    this.#drop();
  }

  /** The connection that is there, or another one where that takes no more calls. */
  async #usable(signal: AbortSignal): Promise<Http2Connection> {
    for (let isLast = false;; isLast = true) {
      const opened = this.#opened ??= this.#open();
      let connection: Http2Connection;
      try {
        connection = await unlessAborted(opened.connection, signal);
      } catch (error) {
        if (this.#opened === opened && performance.now() >= opened.staleAt) {
          this.#patienceMs = Math.min(2 * this.#patienceMs, MAX_HANDSHAKE_MS);
          this.#drop();
        }
        throw error;
      }
      if (!connection.retired || isLast) return connection;
      if (this.#opened === opened) this.#opened = null;
    }
  }

  #open(): Opening {
    const stop = new AbortController();
    const isTls = this.#options.url.protocol === "https:";
    const staleAt = isTls ? performance.now() + this.#patienceMs : 0;
    const connection = connect(this.#options, stop.signal).then((socket) => {
      this.#patienceMs = HANDSHAKE_MS;
      return new Http2Connection(socket);
    });
    const opening = { connection, stop, staleAt };
    connection.catch(() => {
      if (this.#opened === opening) this.#opened = null;
    });
    return opening;
  }

  #drop(): void {
    this.#opened?.connection.then((connection) => connection.close(), () => {});
    this.#opened?.stop.abort(new Deno.errors.TimedOut("it took too long to connect"));
    this.#opened = null;
  }
}

async function connect(
  { url, certificates: { trusted, client } }: GrpcConnectionOptions,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const address = addressOf(url);
  if (url.protocol !== "https:") {
    const socket = await Deno.connect({ ...address, signal });
    socket.setNoDelay(true);
    return socket;
  }
  const caCerts = [...trusted];
  // Takes no signal; the system ends it after a while.
  const socket = await Deno.connectTls({ ...address, caCerts, alpnProtocols: ["h2"], ...client });
  await shakeHands(socket, signal);
  return socket;
}

/** Closes the socket when that fails or `signal` ends it: a server may never answer. */
async function shakeHands(socket: Deno.TlsConn, signal: AbortSignal): Promise<void> {
  const stopped = () => socket.close();
  signal.addEventListener("abort", stopped);
  try {
    if (signal.aborted) stopped();
    const { alpnProtocol } = await socket.handshake();
    if (alpnProtocol !== "h2") throw new NoHttp2Error("it does not agree to speak HTTP/2");
  } catch (error) {
    signal.throwIfAborted();
    socket.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", stopped);
  }
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
