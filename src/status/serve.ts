/** Puts the status API on a TCP port. Used by the composition root, also for prometheus_export's own port. */
import { describeError } from "../support/errors.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import { HTTP_LIMITS, type HttpLimits } from "./http/limits.ts";
import { HttpServer } from "./http/server.ts";

export interface ServeOptions {
  /** The request has its method, url, headers and body, and nothing else. */
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** What is served, which tells how to choose another address. Default: "api". */
  readonly what?: Served;
  readonly limits?: Partial<HttpLimits>;
  readonly log?: Logger;
}

export type Served = keyof typeof SERVED;

/** A listening API. Disposing of it cuts answers under way: nobody waits for a status of what is ending. */
export interface StatusServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** "http://127.0.0.1:9810" */
  readonly url: string;
}

/** @throws {Error} that says what is in the way, by its code too, and what to do about it. */
export function serveStatus({ app, host, port, what, limits, log }: ServeOptions): StatusServer {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: host, port });
  } catch (cause) {
    const { code, message, remedy } = listenProblem(cause, { host, port, what });
    throw new Error(`${message} [${code}]. ${remedy}`, { cause });
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

/** Codes, and what chooses the address. */
const SERVED = {
  api: { taken: "api-port-taken", unusable: "api-address-unusable", setting: "--listen HOST:PORT" },
  metrics: {
    taken: "metrics-port-taken",
    unusable: "metrics-address-unusable",
    setting: "prometheus_export.port",
  },
} as const;

/** Why nothing can listen there. Used by the doctor, too. */
export function listenProblem(
  cause: unknown,
  { host, port, what = "api" }: {
    readonly host: string;
    readonly port: number;
    readonly what?: Served | undefined;
  },
): Reason {
  const { taken, unusable, setting } = SERVED[what];
  const reason = (code: string, why: string, remedy: string): Reason => ({
    code,
    message: `Cannot listen on ${authority(host, port)}: ${why}`,
    remedy: `${remedy} with ${setting}`,
  });
  if (cause instanceof Deno.errors.AddrInUse) {
    return reason(taken, "another program has this port", "See who has it (ss -tlnp), or choose another");
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return reason(unusable, "this machine has no such address", "Choose another");
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return reason(unusable, "permission denied", "Choose a port from 1024 up");
  }
  return reason(unusable, describeError(cause), "Choose another address");
}

function authority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
