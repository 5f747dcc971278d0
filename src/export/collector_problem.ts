/**
 * What can be wrong between the agent and a collector, by its sign, with code and remedy. Used by the senders, for the
 * status API, and by the doctor, so that both name a fault alike.
 */
import { describeError } from "../support/errors.ts";
import type { Reason } from "../support/reason.ts";
import { describeFetchError } from "./fetch_error.ts";

export interface CollectorProblem extends Reason {
  /** `warn`: it may pass by itself, or do no harm. */
  readonly severity: "warn" | "fail";
}

const REMEDIES = {
  "collector-name-unknown":
    "Correct the host name, or the resolver of this machine (/etc/resolv.conf, cluster DNS)",
  "collector-refused":
    "Start the collector, or correct the port; by default OTLP/gRPC is on 4317, OTLP/HTTP on 4318",
  "collector-unreachable": "Correct the address, or the routes and firewalls between here and there",
  "collector-timeout": "See whether a firewall drops the packets, and whether the collector is overloaded",
  "collector-tls":
    "Give the authority that signed the collector's certificate as CA file, and name the collector as its " +
    "certificate does; use http:// for a collector without TLS",
  "collector-certificate-file": "Correct the paths of CA, client certificate and key; they must be PEM files",
  "collector-header-wrong":
    "Use letters, digits and dashes in names, and one line of Latin letters in values",
  "collector-not-http":
    "Use the port of the OTLP/HTTP receiver (4318 by default), or protocol grpc for that of OTLP/gRPC (4317)",
  "collector-not-grpc":
    "Use the port of the OTLP/gRPC receiver (4317 by default), or protocol http/protobuf for that of OTLP/HTTP " +
    "(4318); https:// where it speaks TLS, http:// where it does not",
  "collector-connection-cut": "See the collector's log: it ended the connection without an answer",
  "collector-unauthorized":
    "Give what it asks for in headers (OTEL_EXPORTER_OTLP_HEADERS), such as Authorization",
  "collector-path-unknown":
    "Give the base URL without path: v1/traces and v1/metrics are added; for an endpoint of one " +
    "signal, give the whole path",
  "collector-signal-unknown":
    "Give the collector's pipeline for this signal the OTLP receiver, or export this signal elsewhere; with gzip, " +
    "see whether the collector knows it",
  "collector-redirects": "Configure the URL that it redirects to: OTLP requests must not be redirected",
  "collector-media-type": "Set the protocol that it accepts: http/protobuf or http/json",
  "collector-bad-request": "See the collector's message; another kind of receiver may listen on this port",
  "collector-busy": "Nothing, if it passes: the agent tries again; else give the collector more room",
  "collector-error": "See the collector's log",
  "collector-not-otlp": "See whether it is a collector that listens there",
  "collector-rejected":
    "See the collector's words and its log; limits on age, size and attributes are set there",
} as const;

export type CollectorCode = keyof typeof REMEDIES;

export function problem(
  code: CollectorCode,
  message: string,
  severity: CollectorProblem["severity"] = "fail",
): CollectorProblem {
  return { severity, code, message, remedy: REMEDIES[code] };
}

/** Why there is no connection; Deno tells names that cannot be resolved by its message only. */
export function connectionProblem(
  error: unknown,
  { hostname: host, port, timeoutMs }: { hostname: string; port: number; timeoutMs: number },
): CollectorProblem {
  const text = describeError(error);
  if (error instanceof Deno.errors.ConnectionRefused) {
    return problem("collector-refused", `Nothing listens on ${host}:${port}: connection refused`);
  }
  if (isTimeout(error) || error instanceof Deno.errors.TimedOut) {
    return problem("collector-timeout", `${host}:${port} did not answer within ${timeoutMs} ms`);
  }
  if (/lookup|resolve|name or service|dns/i.test(text)) {
    return problem("collector-name-unknown", `Cannot resolve the name ${host}: ${text}`);
  }
  return problem("collector-unreachable", `Cannot connect to ${host}:${port}: ${text}`);
}

/** Why a request has no answer; Deno tells by its message only whether it came to a connection. */
export function fetchProblem(error: unknown, url: URL, timeoutMs: number): CollectorProblem {
  if (isTimeout(error)) {
    return problem(
      "collector-timeout",
      `${url.host} gave no complete answer within ${timeoutMs} ms`,
    );
  }
  const text = describeFetchError(error, url.href);
  if (/connection refused/i.test(text)) {
    return problem("collector-refused", `Nothing listens on ${url.host}: connection refused`);
  }
  if (/dns error|failed to lookup/i.test(text)) {
    return problem("collector-name-unknown", `Cannot resolve the name ${url.hostname}: ${text}`);
  }
  if (/tcp connect error|are blocked/i.test(text)) {
    return problem("collector-unreachable", `Cannot connect to ${url.host}: ${text}`);
  }
  if (/certificate|tls|handshake|InvalidContentType|corrupt message/i.test(text)) {
    return problem("collector-tls", `TLS with ${url.host} fails: ${text}`);
  }
  if (/invalid HTTP version|HTTP version parsed|invalid header|unexpected message|parse/i.test(text)) {
    return problem("collector-not-http", `What listens on ${url.host} does not speak HTTP/1.1: ${text}`);
  }
  return problem("collector-connection-cut", `${url.host} gave no answer: ${text}`);
}

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}

/** The collector took a request, but not all of it. */
export function rejection(rejected: number, what: string, message: string): CollectorProblem {
  return problem("collector-rejected", `It rejected ${rejected} ${what}: ${message || "no reason given"}`);
}

export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly contentType: string;
  /** The collector's own words, "" for none. */
  readonly said: string;
  readonly location: string | null;
  /** Whether the configuration gives headers of its own. */
  readonly hasHeaders: boolean;
}

/** Null for the answer of a collector that takes the request. */
export function answerProblem(answer: Answer): CollectorProblem | null {
  const { url, status, contentType, said, location, hasHeaders } = answer;
  const words = `It answers ${status}${said === "" ? "" : `: ${said}`}`;
  if (status >= 200 && status < 300) {
    if (contentType === "" || /json|protobuf/.test(contentType)) return null;
    return problem(
      "collector-not-otlp",
      `It answers ${status} with ${contentType}, which no collector does`,
      "warn",
    );
  }
  if (status >= 300 && status < 400) {
    return problem("collector-redirects", `It redirects (${status}) to ${location ?? "an unnamed place"}`);
  }
  switch (status) {
    case 401:
    case 403:
      return problem(
        "collector-unauthorized",
        `${words} (the agent sends ${hasHeaders ? "the configured headers" : "no headers of its own"})`,
      );
    case 404:
    case 405:
      return problem("collector-path-unknown", `${words}: it takes no OTLP at ${url.pathname}`);
    case 415:
      return problem("collector-media-type", words);
    case 429:
    case 502:
    case 503:
    case 504:
      return problem("collector-busy", words, "warn");
    default:
      return status < 500 ? problem("collector-bad-request", words) : problem("collector-error", words);
  }
}
