/** Where the two signals go and how: what holds for both, and what each says for itself. Used by resolve.ts. */
import type { MetricsConfig, OtlpConfig, Protocol, TracesConfig } from "./config.ts";
import type { Reporter } from "./config_error.ts";
import { readFailure, type ReadFile } from "./inputs.ts";
import type { Settings } from "./settings.ts";
import { durationMs } from "./value.ts";

type Signal = "traces" | "metrics";

export async function resolveTracesExport(
  settings: Settings,
  readFile: ReadFile,
  report: Reporter,
): Promise<TracesConfig> {
  const otlp = settings.otlp!;
  return {
    ...await transport("traces", settings, readFile, report),
    maxQueue: otlp.max_queue!,
    maxBatch: otlp.max_batch!,
    delayMs: otlp.delay_ms!,
  };
}

export async function resolveMetricsExport(
  settings: Settings,
  readFile: ReadFile,
  report: Reporter,
): Promise<MetricsConfig> {
  const { interval, temporality } = settings.otel_metrics_export!;
  return {
    ...await transport("metrics", settings, readFile, report),
    intervalMs: durationMs(interval!),
    temporality: temporality!,
  };
}

async function transport(
  signal: Signal,
  settings: Settings,
  readFile: ReadFile,
  report: Reporter,
): Promise<OtlpConfig> {
  const otlp = settings.otlp!;
  const section = `otel_${signal}_export` as const;
  const own = settings[section]!;
  /** The path of the key that counts, for messages. */
  const at = (
    name: keyof typeof own & keyof typeof otlp,
  ) => [own[name] === undefined ? "otlp" : section, name];

  const endpoint = own.enabled ? target(signal, otlp) : null;
  const protocol = own.protocol ?? otlp.protocol ?? guessProtocol(endpoint);
  const tls = {
    caFile: own.certificate ?? otlp.certificate ?? null,
    certFile: own.client_certificate ?? otlp.client_certificate ?? null,
    keyFile: own.client_key ?? otlp.client_key ?? null,
  };
  if (tls.certFile !== null && tls.keyFile === null) {
    report.error(at("client_certificate"), "has no key; name its file with client_key");
  }
  if (tls.keyFile !== null && tls.certFile === null) {
    report.error(at("client_key"), "has no certificate; name its file with client_certificate");
  }
  await checkPem(tls.caFile, "CERTIFICATE", at("certificate"), readFile, report);
  await checkPem(tls.certFile, "CERTIFICATE", at("client_certificate"), readFile, report);
  await checkPem(tls.keyFile, "PRIVATE KEY", at("client_key"), readFile, report);
  return {
    url: endpoint !== null && protocol === "grpc" ? new URL(GRPC_CALLS[signal], endpoint).href : endpoint,
    protocol,
    headers: own.headers ?? otlp.headers!,
    timeoutMs: own.timeout_ms ?? otlp.timeout_ms!,
    compression: own.compression ?? otlp.compression!,
    tls,
  };
}

/** opentelemetry/proto/collector/{trace,metrics}/v1: the calls by which each signal is handed over. */
const GRPC_CALLS: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
};

/** As Beyla does: 4317, and ports such as 14317 in tests, are gRPC's (guessProtocol() of its pkg/export/otel). */
function guessProtocol(endpoint: string | null): Protocol {
  return endpoint !== null && new URL(endpoint).port.endsWith("4317") ? "grpc" : "http/protobuf";
}

/**
 * A base URL gets "v1/traces" or "v1/metrics" appended to its path; a signal's own URL is used as it stands (OTLP
 * exporter specification, "Endpoint URLs for OTLP/HTTP"). Null: there is none.
 */
function target(signal: Signal, otlp: NonNullable<Settings["otlp"]>): string | null {
  const own = otlp[`${signal}_endpoint`];
  if (own) return new URL(own).href;
  if (!otlp.endpoint) return null;
  const base = new URL(otlp.endpoint);
  base.pathname = base.pathname.replace(/\/*$/, `/v1/${signal}`);
  return base.href;
}

async function checkPem(
  path: string | null,
  label: string,
  at: readonly string[],
  readFile: ReadFile,
  report: Reporter,
): Promise<void> {
  if (path === null) return;
  try {
    const text = await readFile(path);
    if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return;
    report.error(at, `file ${path} is not PEM: it has no line "-----BEGIN ${label}-----"`);
  } catch (error) {
    report.error(at, `cannot use file ${path}: ${readFailure(error)}`);
  }
}
