/**
 * Names of the functions that are probed, from Go 1.17 to 1.27. Go 1.27 moved HTTP/2 from net/http into
 * net/http/internal/http2. Used by sites.ts and inspect.ts.
 */

export const SERVER_SERVE = "net/http.(*conn).serve";
export const SERVER_START = "net/http.serverHandler.ServeHTTP";
export const SERVER_END = "net/http.(*response).finishRequest";
/** The deferred closure of `serve`, its first function literal in every version. */
export const SERVER_ABORT = "net/http.(*conn).serve.func1";
export const SERVER_END_H2 = [
  "net/http.(*http2responseWriter).handlerDone",
  "net/http/internal/http2.(*responseWriter).handlerDone",
] as const;
/** The deferred closure of `runHandler`: ends every request, after a panic too. */
export const SERVER_ABORT_H2 = [
  "net/http.(*http2serverConn).runHandler.func1",
  "net/http/internal/http2.(*serverConn).runHandler.func1",
] as const;
/** golang.org/x/net has the same server again; a program that configures it serves HTTP/2 by that one. */
export const SERVER_END_X_NET = "golang.org/x/net/http2.(*responseWriter).handlerDone";
export const SERVER_ABORT_X_NET = "golang.org/x/net/http2.(*serverConn).runHandler.func1";
export const CLIENT_PUBLIC = "net/http.(*Transport).RoundTrip";
export const CLIENT_START = "net/http.(*Transport).roundTrip";
export const CLIENT_ATTEMPT = "net/http.(*persistConn).roundTrip";
export const NEW_GOROUTINE = "runtime.newproc1";
export const CAS_STATUS = "runtime.casgstatus";
export const RECOVER = "runtime.gorecover";

/** All of them. */
export const SYMBOLS: ReadonlySet<string> = new Set([
  SERVER_SERVE,
  SERVER_START,
  SERVER_END,
  SERVER_ABORT,
  ...SERVER_END_H2,
  ...SERVER_ABORT_H2,
  SERVER_END_X_NET,
  SERVER_ABORT_X_NET,
  CLIENT_PUBLIC,
  CLIENT_START,
  CLIENT_ATTEMPT,
  NEW_GOROUTINE,
  CAS_STATUS,
  RECOVER,
]);
