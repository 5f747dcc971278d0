/**
 * Tells the log, once in each life of a loader, that client connections are not followed;
 * `propagation.socket_track_failed` of the status has the number of now. Used by Session.
 */
import type { Logger } from "../support/log.ts";

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
    this.#log.warn("client connections cannot be followed", {
      code: "connections-untracked",
      message:
        `Calls on ${connections} connections carry no header: another tool holds them, or there is no room`,
      remedy: "Let only one tool write headers; deno task doctor names the others",
    });
  }
}
