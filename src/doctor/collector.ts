/**
 * Whether a collector takes OTLP: a request without spans or data points goes the way that real ones go, and every way
 * in which that can fail has a name of its own. Called by diagnose.ts for traces and for metrics.
 */
import type { OtlpConfig } from "../config/config.ts";
import { createClient, readCertificates } from "../export/certificates.ts";
import {
  answerProblem,
  type CollectorProblem,
  connectionProblem,
  fetchProblem,
  problem,
} from "../export/collector_problem.ts";
import { readErrorMessage } from "../export/otlp_response.ts";
import { describeError } from "../support/errors.ts";
import { VERSION } from "../support/version.ts";
import { type Finding, found, ok } from "./finding.ts";

export type Signal = "traces" | "metrics";

/** Longest that a person is kept waiting, however long the agent would wait. */
const MAX_TIMEOUT_MS = 5_000;
const NEVER = new AbortController().signal;
const MAX_ANSWER_BYTES = 64 * 1024;
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
  const where = url.origin + url.pathname;
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
  const timeoutMs = Math.min(config.timeoutMs, MAX_TIMEOUT_MS);
  const limit = () => AbortSignal.any([config.stop, AbortSignal.timeout(timeoutMs)]);
  const unreachable = await tryConnection(url, { timeoutMs, signal: limit() });
  if (unreachable) return unreachable;
  const headers = headersOf(config);
  if (!(headers instanceof Headers)) return headers;
  let client: Deno.HttpClient;
  try {
    client = createClient(readCertificates(config));
  } catch (error) {
    return problem("collector-certificate-file", describeError(error));
  }
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: await emptyRequest(signal, config),
      redirect: "manual",
      signal: limit(),
      client,
    });
    const contentType = response.headers.get("content-type") ?? "";
    const said = readErrorMessage(await readBounded(response), contentType);
    return answerProblem({
      url,
      status: response.status,
      contentType,
      said,
      location: response.headers.get("location"),
      hasHeaders: Object.keys(config.headers).length > 0,
    });
  } catch (error) {
    return fetchProblem(error, url, timeoutMs);
  } finally {
    client.close();
  }
}

/** Name, route and listener, apart from what is spoken there. */
async function tryConnection(
  url: URL,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<CollectorProblem | null> {
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  try {
    (await Deno.connect({ hostname, port, signal })).close();
    return null;
  } catch (error) {
    return connectionProblem(error, { hostname, port, timeoutMs });
  }
}

function headersOf({ headers: given, protocol, compression }: OtlpConfig): Headers | CollectorProblem {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret.
      return problem(
        "collector-header-wrong",
        `HTTP does not allow the configured header ${JSON.stringify(name)}`,
      );
    }
  }
  headers.set("user-agent", `tsunagi/${VERSION}`);
  headers.set("content-type", protocol === "http/json" ? "application/json" : "application/x-protobuf");
  if (compression === "gzip") headers.set("content-encoding", "gzip");
  return headers;
}

/** A request that carries nothing: in protobuf, a message without fields has no bytes. */
async function emptyRequest(
  signal: Signal,
  { protocol, compression }: OtlpConfig,
): Promise<Uint8Array<ArrayBuffer>> {
  const json = signal === "traces" ? '{"resourceSpans":[]}' : '{"resourceMetrics":[]}';
  const bytes = new TextEncoder().encode(protocol === "http/json" ? json : "");
  if (compression === "none") return bytes;
  return await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

async function readBounded(response: Response): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body) {
    parts.push(part.subarray(0, MAX_ANSWER_BYTES - length));
    length += part.length;
    if (length >= MAX_ANSWER_BYTES) break;
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
