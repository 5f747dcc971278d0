/**
 * Whether a program brings OpenTelemetry spans of its own for HTTP, by the modules that are linked into it. Used by
 * discovery, which leaves such programs out unless it is told not to.
 */

const SDK = "go.opentelemetry.io/otel/sdk";
/** Names under which instrumentation of servers on net/http is published, in contrib and elsewhere. */
const HTTP_INSTRUMENTATION =
  /(^|\/)otel(http|gin|mux|echo|chi|restful|beego|macaron|gorilla|httprouter|negroni|iris|buffalo)(\/v\d+)?$/;
/**
 * Auto-instrumentation as a library. Its go.opentelemetry.io/auto/sdk is something else: the API itself requires
 * it, so that it is in every program with OpenTelemetry.
 */
const AUTO = "go.opentelemetry.io/auto";

/** Path of the module that makes a program's HTTP spans, or null where there is none. */
export function httpInstrumentation(modules: ReadonlyMap<string, string>): string | null {
  if (modules.has(AUTO)) return AUTO;
  if (!modules.has(SDK)) return null;
  for (const path of modules.keys()) if (HTTP_INSTRUMENTATION.test(path)) return path;
  return null;
}
