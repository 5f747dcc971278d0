/** Which attributes spans carry, and which of them the series of each metric have. Used by rule_tables.ts. */
import type { AttributeSelection } from "../config/config.ts";
import { matchesGlob } from "../support/glob.ts";
import { RED_METRICS, type RedMetric } from "./types.ts";

/** By the numbers of decoder-as/red/memory_map.ts where it has one (ATTRIBUTE_*), then the others of spans. */
export const SPAN_ATTRIBUTES: readonly string[] = [
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "url.scheme",
  "url.path",
  "url.full",
  "server.address",
  "http.request.body.size",
  "http.response.body.size",
  "server.port",
  "error.type",
  "http.request.method_original",
  "http.request.resend_count",
  "url.query",
  "client.address",
  "network.peer.address",
  "network.peer.port",
  "network.protocol.version",
];

const COMMON = ["http.request.method", "http.response.status_code", "url.scheme", "error.type"];
const SERVER_DEFAULTS = [...COMMON, "http.route"];
const CLIENT_DEFAULTS = [...COMMON, "server.address", "server.port"];

/** Attributes of a metric's series when nothing selects others. */
export function defaultAttributes(metric: RedMetric): readonly string[] {
  return metric.startsWith("http.server.") ? SERVER_DEFAULTS : CLIENT_DEFAULTS;
}

/**
 * Attributes of each metric's series, in the order of RED_METRICS. `names` are those that a span can have. As Beyla
 * (pkg/export/attributes/attr_selector.go of OBI): what selections include adds up, from the first on, which begins with
 * the defaults when it includes nothing; what one excludes is gone until a later one includes it.
 */
export function selectAttributes(
  selections: readonly AttributeSelection[],
  names: readonly string[],
): readonly (readonly string[])[] {
  return RED_METRICS.map((metric) => {
    const matching = selections.filter(({ metric: glob }) => matchesGlob(glob, metric));
    if (matching.length === 0) return names.filter((name) => defaultAttributes(metric).includes(name));
    const selected = new Set<string>();
    const namesLike = (globs: readonly string[]) =>
      names.filter((name) => globs.some((glob) => matchesGlob(glob, name)));
    matching.forEach(({ include, exclude }, index) => {
      for (const name of namesLike(include ?? [])) selected.add(name);
      if (index === 0 && selected.size === 0) defaultAttributes(metric).forEach((name) => selected.add(name));
      for (const name of namesLike(exclude)) selected.delete(name);
    });
    return names.filter((name) => selected.has(name));
  });
}
