/**
 * Whether a collector takes OTLP: a request without spans or data points goes the way that real ones go, and every way
 * in which that can fail has a name of its own. Called by diagnose.ts for traces and for metrics.
 */
import type { OtlpConfig } from "../config/config.ts";
import { addressOf } from "../export/address.ts";
import { type Certificates, readCertificates } from "../export/certificates.ts";
import { type CollectorProblem, connectionProblem, problem } from "../export/collector_problem.ts";
import { createSender } from "../export/create_sender.ts";
import type { Sender } from "../export/sender.ts";
import { describeError } from "../support/errors.ts";
import { type Finding, found, ok } from "./finding.ts";

export type Signal = "traces" | "metrics";

/** Longest that a person is kept waiting, however long the agent would wait. */
const MAX_TIMEOUT_MS = 5_000;
const NEVER = new AbortController().signal;

/** Tries it; never rejects. */
export async function checkCollector(
  signal: Signal,
  config: OtlpConfig,
  { stop = NEVER }: { readonly stop?: AbortSignal } = {},
): Promise<Finding> {
  if (config.url === null) {
    return found("collectors", "skip", signal, {
      code: "not-exported",
      message: `No collector is configured for ${signal}`,
      remedy: signal === "traces" ? "Give one with --otlp URL, if traces are to be kept" : "",
    });
  }
  // Without its query and user information, which may hold a key.
  const url = new URL(config.url);
  const where = url.origin + (config.protocol === "grpc" ? "" : url.pathname);
  const problem = await tryCollector(signal, url, { ...config, stop });
  if (problem === null) return ok("collectors", signal, `${where} takes OTLP (${config.protocol})`);
  const { severity, code, message, remedy } = problem;
  return found("collectors", severity, `${signal} to ${where}`, { code, message, remedy });
}

async function tryCollector(
  signal: Signal,
  url: URL,
  config: OtlpConfig & { readonly stop: AbortSignal },
): Promise<CollectorProblem | null> {
  const { stop } = config;
  const timeoutMs = Math.min(config.timeoutMs, MAX_TIMEOUT_MS);
  const limit = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
  const unreachable = await tryConnection(url, { timeoutMs, signal: limit });
  if (unreachable) return unreachable;
  let certificates: Certificates;
  try {
    certificates = readCertificates(config);
  } catch (error) {
    return problem("collector-certificate-file", describeError(error));
  }
  let sender: Sender;
  try {
    sender = createSender({ ...config, url: url.href, timeoutMs, certificates });
  } catch (error) {
    return problem("collector-header-wrong", describeError(error));
  }
  using _ = sender;
  const result = await sender.send(await sender.prepare(emptyRequest(signal, config)), stop);
  switch (result.kind) {
    case "accepted":
      return result.doubt;
    case "aborted":
      return problem("collector-timeout", `${url.host} was not waited for`);
    default:
      return result.problem;
  }
}

/** Name, route and listener, apart from what is spoken there. */
async function tryConnection(
  url: URL,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<CollectorProblem | null> {
  const address = addressOf(url);
  try {
    (await Deno.connect({ ...address, signal })).close();
    return null;
  } catch (error) {
    return connectionProblem(error, { ...address, timeoutMs });
  }
}

/** A request that carries nothing: in protobuf, a message without fields has no bytes. */
function emptyRequest(signal: Signal, { protocol }: OtlpConfig): Uint8Array<ArrayBuffer> {
  const json = signal === "traces" ? '{"resourceSpans":[]}' : '{"resourceMetrics":[]}';
  return new TextEncoder().encode(protocol === "http/json" ? json : "");
}
