/** The configuration as the API shows it: every secret taken out. Used by the configuration's routes. */
import type { Config, OtlpConfig, SelectRule, TextMatch } from "../config/config.ts";
import type { ShownConfig } from "./model.ts";

const HIDDEN = "***";

/** Each member is named here, so that one that the configuration gains is shown only after somebody thought of it. */
export function configReport(config: Config): ShownConfig {
  const { traces, metrics, measure, prometheus, select, decoders } = config;
  return {
    file: config.file,
    traces: {
      ...otlpReport(traces),
      maxQueue: traces.maxQueue,
      maxBatch: traces.maxBatch,
      delayMs: traces.delayMs,
    },
    metrics: { ...otlpReport(metrics), intervalMs: metrics.intervalMs, temporality: metrics.temporality },
    measure: {
      features: measure.features,
      durationBucketsS: measure.durationBucketsS,
      sizeBucketsBytes: measure.sizeBucketsBytes,
      maxSeries: measure.maxSeries,
      attributes: measure.attributes.map(({ metric, include, exclude }) => ({ metric, include, exclude })),
      ttlMs: measure.ttlMs,
    },
    prometheus: { listen: prometheus.listen && address(prometheus.listen), path: prometheus.path },
    select: {
      include: select.include.map(ruleReport),
      exclude: select.exclude.map(ruleReport),
      excludeInstrumented: select.excludeInstrumented,
    },
    sampler: samplerReport(config.sampler),
    routes: routesReport(config.routes),
    filters: config.filters.map(({ attribute, match, notMatch }) => ({ attribute, match, notMatch })),
    print: config.print,
    listen: address(config.listen),
    allowedHosts: config.allowedHosts,
    store: { maxSpans: config.store.maxSpans, maxBytes: config.store.maxBytes },
    decoders: {
      directory: decoders.directory,
      learn: decoders.learn,
      allowNearest: decoders.allowNearest,
    },
    tokenFile: config.tokenFile,
    log: { level: config.log.level, format: config.log.format },
  };
}

/** A URL without user, password and what its query says. */
export function withoutSecrets(url: string): string {
  const shown = URL.parse(url);
  if (shown === null) return HIDDEN;
  shown.username = shown.password = "";
  for (const name of new Set(shown.searchParams.keys())) shown.searchParams.set(name, HIDDEN);
  return shown.href;
}

/** Where a signal goes, as it was configured: the path of a gRPC call is none of that. */
export function endpointOf({ url, protocol }: Pick<OtlpConfig, "url" | "protocol">): string | null {
  if (url === null) return null;
  return protocol === "grpc" ? new URL(url).origin : withoutSecrets(url);
}

function otlpReport(otlp: OtlpConfig) {
  const { protocol, headers, timeoutMs, compression, tls } = otlp;
  return {
    url: endpointOf(otlp),
    protocol,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, HIDDEN])),
    timeoutMs,
    compression,
    tls: { caFile: tls.caFile, certFile: tls.certFile, keyFile: tls.keyFile },
  };
}

function ruleReport(rule: SelectRule) {
  return {
    origin: rule.origin,
    name: rule.name,
    namespace: rule.namespace,
    openPorts: rule.openPorts.map(({ first, last }) => ({ first, last })),
    exePath: matchReport(rule.exePath),
    cmdArgs: matchReport(rule.cmdArgs),
    languages: matchReport(rule.languages),
    pids: rule.pids,
    containersOnly: rule.containersOnly,
    containerName: matchReport(rule.containerName),
    kubernetes: rule.kubernetes.map(({ attribute, match }) => ({ attribute, match: shownMatch(match) })),
    sampler: rule.sampler && samplerReport(rule.sampler),
    routes: rule.routes && routesReport(rule.routes),
    exports: rule.exports,
  };
}

function matchReport(match: TextMatch | null) {
  return match && shownMatch(match);
}

function shownMatch(match: TextMatch) {
  return match.kind === "glob"
    ? { kind: match.kind, glob: match.glob }
    : { kind: match.kind, regex: match.regex.source };
}

function samplerReport({ name, ratio }: Config["sampler"]) {
  return { name, ratio };
}

function routesReport(routes: Config["routes"]) {
  const { patterns, ignoredPatterns, ignoreMode, unmatched, wildcard } = routes;
  return { patterns, ignoredPatterns, ignoreMode, unmatched, wildcard };
}

function address({ host, port }: Config["listen"]) {
  return { host, port };
}
