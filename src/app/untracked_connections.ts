/**
 * Client connections that are not followed: said in the status while they are more than a few, and in the log with the
 * first one in each life of a loader. Used by Session and the status report.
 */
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { Counters } from "../wire/stats.ts";

/** Fewer, of all that there were, are no reason to look ill for the rest of the day. */
const SHARE = 0.01;

/** Why calls carry no header, where that concerns more than a few connections; else null. */
export function untrackedReason(
  { socket_track_failed: failed = 0, sockets_tracked: tracked = 0 }: Partial<Counters>,
): Reason | null {
  return failed > SHARE * (failed + tracked) ? reasonFor(failed) : null;
}

function reasonFor(connections: number): Reason {
  return {
    code: "connections-untracked",
    message:
      `Calls on ${connections} connections carry no header: another tool holds them, or there is no room`,
    remedy: "Let only one tool write headers; deno task doctor names the others",
  };
}

export class UntrackedConnections {
  readonly #log: Pick<Logger, "warn">;
  #told = false;

  constructor(log: Pick<Logger, "warn">) {
    this.#log = log;
  }

  /** @param connections how many there were up to now. */
  tell(connections: number): void {
    if (connections === 0 || this.#told) return;
    this.#told = true;
    this.#log.warn("client connections cannot be followed", { ...reasonFor(connections) });
  }
}
