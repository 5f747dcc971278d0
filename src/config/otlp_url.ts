/** Where traces are posted to. Used by the composition root when it makes the exporter. */
import type { OtlpConfig } from "./schema.ts";

/**
 * The URL for traces, or null when nothing is exported. A base URL gets "v1/traces" appended to its path; a
 * traces URL is used as it stands (OTLP exporter specification, "Endpoint URLs for OTLP/HTTP").
 */
export function tracesUrl(otlp: Pick<OtlpConfig, "endpoint" | "tracesEndpoint">): string | null {
  if (otlp.tracesEndpoint !== null) return otlp.tracesEndpoint;
  if (otlp.endpoint === null) return null;
  const url = new URL(otlp.endpoint);
  url.pathname = url.pathname.replace(/\/*$/, "/v1/traces");
  return url.href;
}
