/** When to try again, and when to give up. Used by deliver(). */

export interface RetryPolicy {
  readonly initialMs: number;
  readonly maxMs: number;
  /** From the first attempt; the last one comes no later. */
  readonly maxElapsedMs: number;
}

/**
 * Quick at first, for a collector that only restarts; five minutes in all, the default of the OpenTelemetry
 * Collector's own exporters.
 */
export const DEFAULT_RETRY_POLICY: RetryPolicy = { initialMs: 250, maxMs: 5_000, maxElapsedMs: 300_000 };

/**
 * Milliseconds before attempt number `attempt` + 1 (the first is 1), or null to give up. What the server asks
 * for comes first, unless that is no time at all; else the delay doubles, and half of it is random so that many agents
 * do not knock at once.
 * Whoever asks for more than is left gets the last attempt at the end of the time.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  state: { attempt: number; elapsedMs: number; retryAfterMs: number | null; random: number },
): number | null {
  const { attempt, elapsedMs, retryAfterMs, random } = state;
  const leftMs = policy.maxElapsedMs - elapsedMs;
  if (leftMs <= 0) return null;
  const full = Math.min(policy.maxMs, policy.initialMs * 2 ** Math.min(attempt - 1, 30));
  return Math.min(leftMs, retryAfterMs || full * (0.5 + random / 2));
}

/** Retry-After as milliseconds from `nowMs`: seconds or an HTTP date (RFC 9110, 10.2.3). Null when unusable. */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Dates have a name of a month in them; Date.parse would also take "1.5" and the like.
  const date = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
