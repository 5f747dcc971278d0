/** What the spans of a request must say, by what the matrix program and the test know; every attribute, also absent ones. */
import { goMinor } from "../support/toolchains.ts";
import type { LoadResult } from "../support/load.ts";
import type { AttributeValue, ReceivedSpan } from "../support/span.ts";
import type { MatrixRequest } from "./requests.ts";

/** What back says that it received. */
export interface Echo {
  readonly traceparent: readonly string[] | null;
  readonly tracestate: readonly string[] | null;
  readonly method: string;
  readonly uri: string;
  readonly remote: string;
  readonly attempt: number;
}

/** One of the two services. */
export interface Service {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly exe: string;
}

/** Where the two services listen, and what they run on. */
export interface Services {
  readonly front: Service;
  readonly back: Service;
  readonly goVersion: string;
}

/** Stands for a port that nobody but the kernel knows. */
export const ANY_PORT = Symbol("any port");

/** What a span must be; `undefined` attributes must be absent, and so must those that are not listed. */
export interface ExpectedSpan {
  readonly kind: ReceivedSpan["kind"];
  readonly name: string;
  readonly statusCode: 0 | 2;
  readonly attributes: Readonly<Record<string, AttributeValue | typeof ANY_PORT | undefined>>;
}

/** What back wrote into the answer, which front passed on; null where back was not reached or did not answer. */
export function echoOf({ headers }: LoadResult<unknown>): Echo | null {
  const text = headers.get("x-echo");
  return text ? JSON.parse(text) : null;
}

/** ServeMux keeps the pattern that matched from Go 1.22 on. */
export function hasRoutes(goVersion: string): boolean {
  return goMinor(goVersion) >= 22;
}

const KNOWN_METHODS = ["GET", "HEAD", "POST"];

function methodAttributes(method: string): ExpectedSpan["attributes"] {
  const known = KNOWN_METHODS.includes(method);
  return {
    "http.request.method": known ? method : "_OTHER",
    "http.request.method_original": known ? undefined : method,
  };
}

function portOf(address: string | null | undefined): number | typeof ANY_PORT {
  return address ? Number(address.split(":").at(-1)) : ANY_PORT;
}

function nameOf(method: string, route?: string): string {
  const verb = KNOWN_METHODS.includes(method) ? method : "HTTP";
  return route ? `${verb} ${route}` : verb;
}

interface ServerSide {
  readonly service: Service;
  readonly path: string;
  readonly route: string | undefined;
  readonly remote: string | null | undefined;
  /** Null: the handler panicked before it wrote. */
  readonly status: number | null;
  readonly responseBytes: number;
}

function expectedServer(request: MatrixRequest, side: ServerSide): ExpectedSpan {
  const { service, path, route, remote, status, responseBytes } = side;
  const { method, shownQuery, bodyBytes } = request;
  const failed = status === null || status >= 500;
  return {
    kind: "SERVER",
    name: nameOf(method, route),
    statusCode: failed ? 2 : 0,
    attributes: {
      ...methodAttributes(method),
      "http.request.body.size": bodyBytes || undefined,
      "http.response.status_code": status ?? undefined,
      "http.response.body.size": status === null || method === "HEAD" ? undefined : responseBytes,
      "http.route": route,
      "url.path": path,
      "url.query": shownQuery,
      "url.scheme": "http",
      "server.address": "127.0.0.1",
      "server.port": service.port,
      "client.address": "127.0.0.1",
      "network.peer.address": "127.0.0.1",
      "network.peer.port": portOf(remote),
      "network.protocol.version": "1.1",
      "error.type": status === null ? "panic" : failed ? String(status) : undefined,
    },
  };
}

/** Front's server span. */
export function expectedFront(
  request: MatrixRequest,
  result: LoadResult<unknown>,
  services: Services,
): ExpectedSpan {
  return expectedServer(request, {
    service: services.front,
    path: request.path,
    route: request.kind !== "no route" && hasRoutes(services.goVersion) ? request.path : undefined,
    remote: result.headers.get("x-remote"),
    status: result.status,
    responseBytes: result.bytes,
  });
}

/** Back's server span. */
export function expectedBack(
  request: MatrixRequest,
  result: LoadResult<unknown>,
  services: Services,
): ExpectedSpan {
  return expectedServer(request, {
    service: services.back,
    path: "/back",
    route: hasRoutes(services.goVersion) ? "/back" : undefined,
    remote: echoOf(result)?.remote,
    status: request.kind === "panic" ? null : result.status,
    responseBytes: result.bytes,
  });
}

/** Front's call; `attempts` as back counted them. */
export function expectedCall(
  request: MatrixRequest,
  result: LoadResult<unknown>,
  services: Services,
  attempts = 1,
): ExpectedSpan {
  const { kind, method, shownQuery, bodyBytes } = request;
  const answered = kind !== "panic" && kind !== "refused";
  const host = kind === "refused" ? "127.0.0.1:1" : services.back.host;
  const tellsLength = answered && kind !== "chunked" && method !== "HEAD";
  const failed = !answered || result.status >= 400;
  return {
    kind: "CLIENT",
    name: nameOf(method),
    statusCode: failed ? 2 : 0,
    attributes: {
      ...methodAttributes(method),
      "http.request.body.size": bodyBytes || undefined,
      "http.request.resend_count": attempts > 1 ? attempts - 1 : undefined,
      "http.response.status_code": answered ? result.status : undefined,
      "http.response.body.size": tellsLength ? result.bytes : undefined,
      "url.full": `http://${host}/back?${shownQuery}`,
      "server.address": "127.0.0.1",
      "server.port": portOf(host),
      "network.peer.address": kind === "refused" ? undefined : "127.0.0.1",
      "network.peer.port": kind === "refused" ? undefined : services.back.port,
      "network.protocol.version": answered ? "1.1" : undefined,
      "error.type": !answered ? "_OTHER" : failed ? String(result.status) : undefined,
    },
  };
}
