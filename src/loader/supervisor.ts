/**
 * Keeps a loader running: starts it, and starts it again with growing pauses when it dies. One that can only fail the
 * same way again is tried now and then all the same, since an administrator may have put right what was wrong; the
 * status API tells the reason meanwhile. Used by Agent.
 */
import type { Hello } from "../wire/hello.ts";
import type { Reason } from "../support/reason.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { describeError } from "../support/errors.ts";
import { LoaderClient, type LoaderClientOptions } from "./client.ts";
import { isPermanent } from "./exit_reason.ts";
import { LoaderExitError } from "./loader_error.ts";

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** A loader that ran this long had no trouble at its start. */
const STABLE_MS = 60_000;

/** How a loader is kept running. */
export interface SupervisorOptions extends LoaderClientOptions {
  readonly signal: AbortSignal;
  /** The pipe can be opened: read it and hand the records over, else there will be no HELLO. */
  readonly onOpen: (client: LoaderClient) => void;
  /** The loader serves. */
  readonly onStart: (client: LoaderClient, hello: Hello) => void;
  /** The loader ended, or did not come up; null when it was told to. */
  readonly onExit: (reason: Reason | null) => void | Promise<void>;
  readonly clock?: Clock;
  /** Replaced in tests. */
  readonly start?: (options: LoaderClientOptions) => Promise<LoaderClient>;
}

/** Runs loaders until the signal aborts. */
export async function superviseLoader(options: SupervisorOptions): Promise<void> {
  const { signal, onExit, clock = SYSTEM_CLOCK } = options;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const beganMs = clock.elapsed();
    const reason = await runOnce(options);
    await onExit(signal.aborted ? null : reason);
    if (signal.aborted) break;
    if (reason !== null && isPermanent(reason)) pauseMs = MAX_PAUSE_MS;
    else if (clock.elapsed() - beganMs >= STABLE_MS) pauseMs = FIRST_PAUSE_MS;
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
  }
}

/** One life of a loader; resolves with the reason for its end. */
async function runOnce({ onOpen, onStart, start = LoaderClient.start, ...options }: SupervisorOptions) {
  try {
    await using client = await start(options);
    onOpen(client);
    onStart(client, await client.hello);
    return await client.exited;
  } catch (error) {
    if (error instanceof LoaderExitError) return error.reason;
    return { code: "loader-not-started", message: describeError(error), remedy: "See the message" };
  }
}
