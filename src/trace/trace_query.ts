/** What a list of traces can be searched by. Used by TraceStore; the API's parameters have the same meaning. */
import type { Shape } from "./shapes.ts";
import type { TraceSummary } from "./trace.ts";

export interface TraceQuery {
  /** One span must fit in service, route, method and status together. */
  readonly service?: string | undefined;
  readonly route?: string | undefined;
  /** In any case. */
  readonly method?: string | undefined;
  /** "404" or "5xx" of that span; "error": it failed; "ok": none of the spans that fit failed. */
  readonly status?: string | undefined;
  /** Of the whole trace. */
  readonly minDurationMs?: number | undefined;
  /** Text in a span's service, name or attributes, in any case; or how the trace id begins. */
  readonly q?: string | undefined;
  readonly limit: number;
}

export interface TraceList {
  /** Newest first, by arrival of their first span. */
  readonly traces: readonly TraceSummary[];
  /** Whether there are others that fit, beyond the limit. */
  readonly more: boolean;
}

export const MISSES = 0;
export const FITS = 1;
/** Its trace does not fit, whatever else is in it. */
export const FORBIDS = 2;

/** For each shape whether spans of it fit. */
export function fitOf(shapes: readonly Shape[], query: TraceQuery): Uint8Array {
  const method = query.method?.toUpperCase();
  return Uint8Array.from(shapes, (shape) => {
    if (query.service !== undefined && shape.service !== query.service) return MISSES;
    if (query.route !== undefined && shape.route !== query.route) return MISSES;
    if (method !== undefined && shape.method !== method) return MISSES;
    return statusFit(shape, query.status);
  });
}

function statusFit({ status, failed }: Shape, wanted: string | undefined): number {
  if (wanted === undefined) return FITS;
  if (wanted === "ok") return failed ? FORBIDS : FITS;
  if (wanted === "error") return failed ? FITS : MISSES;
  const fits = wanted.endsWith("xx")
    ? Math.floor(status / 100) === Number(wanted[0])
    : status === Number(wanted);
  return fits ? FITS : MISSES;
}
