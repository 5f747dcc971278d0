/** Waiting for something to become true, with a limit and the last failure as the reason. */

/**
 * Longer than anything that tests wait for takes on a slow or busy machine: only what never comes true costs so much.
 */
export const PATIENCE_MS = 60_000;

/** How long to wait, PATIENCE_MS unless a test says more, and how often to look. */
export interface EventuallyOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** A promise that is fulfilled after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What the promise comes to; fails, saying what was awaited, when it comes to nothing. */
export async function patiently<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited in vain: ${what}`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls `probe` until it no longer throws, and returns what it returned; fails as it failed last. */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMs = PATIENCE_MS, everyMs = 25 } = options;
  const deadline = performance.now() + timeoutMs;
  while (true) {
    try {
      return await probe();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await sleep(everyMs);
    }
  }
}
