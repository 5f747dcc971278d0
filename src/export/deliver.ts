/**
 * Hands one request to a collector, as often as the rules of OTLP allow. Shared by the exporters of spans and of
 * metrics.
 */
import type { Clock } from "../support/clock.ts";
import { type Reason, reasonOf } from "../support/reason.ts";
import type { PartialSuccess } from "./otlp_response.ts";
import type { OutageLog } from "./outage_log.ts";
import { retryDelayMs, type RetryPolicy } from "./retry.ts";
import type { Sender } from "./sender.ts";

/** How it ended. Reasons: http_STATUS, grpc_STATUS, answer_too_large, retries_exhausted, shutdown. */
export type Delivery =
  | { readonly kind: "accepted" } & PartialSuccess
  | { readonly kind: "given up"; readonly reason: string };

export interface DeliveryOptions {
  readonly sender: Sender;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
  readonly outage: OutageLog;
  /** Ends the request and every wait. */
  readonly stop: AbortSignal;
  /** Ends a wait once, so that a shutdown tries again at once. */
  readonly hurry: AbortSignal;
  /** Another attempt begins. */
  readonly onRetry: () => void;
  /** An attempt failed: in a sentence, and by its code. */
  readonly onError: (error: string, reason: Reason) => void;
}

/** Sends `message`; never rejects. */
export async function deliver(
  message: Uint8Array<ArrayBuffer>,
  options: DeliveryOptions,
): Promise<Delivery> {
  const { sender, retry, clock, outage, stop, hurry, onRetry, onError } = options;
  const beganAt = clock.elapsed();
  const request = await sender.prepare(message);
  for (let attempt = 1;; attempt++) {
    const result = await sender.send(request, stop);
    if (result.kind === "accepted") {
      outage.succeeded();
      return result;
    }
    if (result.kind === "aborted") return { kind: "given up", reason: "shutdown" };
    onError(`Cannot export to ${sender.origin}: ${result.why}`, reasonOf(result.problem));
    if (result.kind === "refused") return { kind: "given up", reason: result.reason };
    const delayMs = retryDelayMs(retry, {
      attempt,
      elapsedMs: clock.elapsed() - beganAt,
      retryAfterMs: result.retryAfterMs,
      random: Math.random(),
    });
    if (delayMs === null) return { kind: "given up", reason: "retries_exhausted" };
    outage.failed(result.why);
    await clock.sleep(delayMs, hurry.aborted ? stop : AbortSignal.any([stop, hurry]));
    if (stop.aborted) return { kind: "given up", reason: "shutdown" };
    onRetry();
  }
}
