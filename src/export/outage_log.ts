/**
 * What the log says of a collector that fails: when it begins, once a minute while it lasts, and when it is over. Used
 * by deliver(), so that an outage does not fill the log.
 */
import type { Clock } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";

export interface OutageLogOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** "spans", "metrics" */
  readonly what: string;
  /** The collector. */
  readonly to: string;
}

const REMINDER_MS = 60_000;

export class OutageLog {
  readonly #options: OutageLogOptions;
  #failures = 0;
  #toldAt = -Infinity;

  constructor(options: OutageLogOptions) {
    this.#options = options;
  }

  /** An attempt failed and there will be another. */
  failed(why: string): void {
    const { log, clock, what, to } = this.#options;
    this.#failures++;
    if (clock.elapsed() - this.#toldAt < REMINDER_MS) return;
    this.#toldAt = clock.elapsed();
    log.warn(`cannot export ${what}, trying again`, { to, why, failures: this.#failures });
  }

  succeeded(): void {
    const { log, what, to } = this.#options;
    if (this.#failures > 0) log.info(`export of ${what} works again`, { to, failures: this.#failures });
    this.#failures = 0;
    this.#toldAt = -Infinity;
  }
}
