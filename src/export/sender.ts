/** What deliver() asks of a way to a collector, OTLP/HTTP or OTLP/gRPC. Made by createSender(). */
import type { Compression, Protocol } from "../config/config.ts";
import type { Clock } from "../support/clock.ts";
import type { Certificates } from "./certificates.ts";
import type { CollectorProblem } from "./collector_problem.ts";
import type { PartialSuccess } from "./otlp_response.ts";

/** What became of an attempt. */
export type SendResult =
  | {
    readonly kind: "accepted";
    /** What is odd about the answer, or null. */
    readonly doubt: CollectorProblem | null;
  } & PartialSuccess
  /** The same request may succeed later. */
  | {
    readonly kind: "retry";
    readonly why: string;
    readonly problem: CollectorProblem;
    /** What the collector asks for; null: it does not say. */
    readonly retryAfterMs: number | null;
  }
  /** It never will. */
  | {
    readonly kind: "refused";
    readonly reason: string;
    readonly why: string;
    readonly problem: CollectorProblem;
  }
  /** The caller's signal ended it. */
  | { readonly kind: "aborted" };

/** A body, compressed once and sent as often as needed. */
export interface PreparedRequest {
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface Sender extends Disposable {
  /** The collector without path, query or secrets. */
  readonly origin: string;
  /** Compresses `message` if that is wanted. */
  prepare(message: Uint8Array<ArrayBuffer>): Promise<PreparedRequest>;
  /** Sends the request once; it never rejects. */
  send(request: PreparedRequest, signal: AbortSignal): Promise<SendResult>;
}

export interface SenderOptions {
  /** Where requests go, path included. */
  readonly url: string;
  readonly protocol: Protocol;
  readonly headers: Readonly<Record<string, string>>;
  /** For one attempt, answer included. */
  readonly timeoutMs: number;
  readonly compression: Compression;
  /** Default: the well-known authorities, no client certificate. */
  readonly certificates?: Certificates;
  /** For dates in Retry-After. */
  readonly clock?: Clock;
}

/** What the specification recommends; a longer answer is an error that is not retried ("OTLP/HTTP Response"). */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
