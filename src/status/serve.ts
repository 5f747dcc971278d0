/** Puts the status API on a TCP port. Used by the composition root. */
import { describeError } from "../support/errors.ts";

export interface ServeOptions {
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
}

/** A listening API. Disposing of it cuts answers under way: nobody waits for a status of what is ending. */
export interface StatusServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** "http://127.0.0.1:9810" */
  readonly url: string;
}

/** @throws {Error} that says what is in the way and what to do about it. */
export function serveStatus({ app, host, port }: ServeOptions): StatusServer {
  const abort = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname: host, port, signal: abort.signal, onListen: () => {} },
      (request) => app.fetch(request),
    );
  } catch (cause) {
    throw new Error(`Cannot listen on ${authority(host, port)}: ${explainListenError(cause)}`, { cause });
  }
  return {
    host,
    port: server.addr.port,
    url: `http://${authority(host, server.addr.port)}`,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await server.finished;
    },
  };
}

/** What is in the way, and the remedy. */
export function explainListenError(cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "another program has this port (choose another with --listen HOST:PORT)";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address (choose another with --listen HOST:PORT)";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "permission denied (choose a port from 1024 up with --listen HOST:PORT)";
  }
  return `${describeError(cause)} (choose another address with --listen HOST:PORT)`;
}

function authority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
