/**
 * Whether a collector takes OTLP: a request without spans or data points goes the way that real ones go, and every way
 * in which that can fail has a name of its own. Called by diagnose.ts for traces and for metrics.
 */
import type { OtlpConfig } from "../config/config.ts";
import { createClient, readCertificates } from "../export/certificates.ts";
import { readErrorMessage } from "../export/otlp_response.ts";
import { describeError } from "../support/errors.ts";
import { VERSION } from "../support/version.ts";
import {
  answerProblem,
  type CollectorProblem,
  connectionProblem,
  fetchProblem,
  problem,
} from "./collector_problem.ts";
import { type Finding, found, ok } from "./finding.ts";

export type Signal = "traces" | "metrics";

/** Longest that a person is kept waiting, however long the agent would wait. */
const MAX_TIMEOUT_MS = 5_000;
const NEVER = new AbortController().signal;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Of the message that both signals' requests are when they carry nothing. */
const EMPTY: Readonly<Record<OtlpConfig["protocol"], { type: string; body: (signal: Signal) => string }>> = {
  "http/protobuf": { type: "application/x-protobuf", body: () => "" },
  "http/json": {
    type: "application/json",
    body: (signal) => signal === "traces" ? '{"resourceSpans":[]}' : '{"resourceMetrics":[]}',
  },
};

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
  const { type, body } = EMPTY[config.protocol];
  let client: Deno.HttpClient;
  try {
    client = createClient(readCertificates(config));
  } catch (error) {
    return problem("collector-certificate-file", describeError(error));
  }
  try {
    const headers = new Headers({
      ...config.headers,
      "user-agent": `tsunagi/${VERSION}`,
      "content-type": type,
    });
    if (config.compression === "gzip") headers.set("content-encoding", "gzip");
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: await encoded(body(signal), config.compression),
      redirect: "manual",
      signal: limit(),
      client,
    });
    const contentType = response.headers.get("content-type") ?? "";
    const said = readErrorMessage(await readBounded(response), contentType);
    return answerProblem({
      signal,
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

async function encoded(
  body: string,
  compression: OtlpConfig["compression"],
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(body);
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
