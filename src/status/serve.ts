/** Puts the status API on a TCP port. Used by the composition root, also for prometheus_export's own port. */
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import { HTTP_LIMITS, type HttpLimits } from "./http/limits.ts";
import { HttpServer } from "./http/server.ts";

export interface ServeOptions {
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly limits?: Partial<HttpLimits>;
  readonly log?: Logger;
}

/** A listening API. Disposing of it cuts answers under way: nobody waits for a status of what is ending. */
export interface StatusServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** "http://127.0.0.1:9810" */
  readonly url: string;
}

/** @throws {Error} that says what is in the way and what to do about it. */
export function serveStatus({ app, host, port, limits, log }: ServeOptions): StatusServer {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: host, port });
  } catch (cause) {
    throw new Error(`Cannot listen on ${authority(host, port)}: ${explainListenError(cause)}`, { cause });
  }
  const server = new HttpServer({ listener, app, limits: { ...HTTP_LIMITS, ...limits }, log });
  const { port: own } = listener.addr;
  return {
    host,
    port: own,
    url: `http://${authority(host, own)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
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
