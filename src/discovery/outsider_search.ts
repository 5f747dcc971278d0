/**
 * For rules that ask for a port which no Go process has: finds the program that has it. Every process of the machine
 * has to be asked, so this is done seldom, and only while there are such rules. Used by Discovery.
 */
import type { SelectConfig } from "../config/config.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { Logger } from "../support/log.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { candidateOf } from "./candidate.ts";
import { ruleThatMeans } from "./outsiders.ts";

/** A service may begin to listen some time after the rule is there. */
const AGAIN_AFTER_MS = [2_000, 10_000, 60_000, 300_000];

export interface OutsiderSearchOptions {
  readonly loader: Pick<LoaderClient, "list" | "describe" | "ports">;
  /** Whether a process needs no search: it is listed, or about to be. */
  readonly isKnown: (pid: number) => boolean;
  /** Takes what was found. */
  readonly onFound: (process: ProcessInfo, ports: readonly number[]) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export class OutsiderSearch {
  readonly #options: OutsiderSearchOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: OutsiderSearchOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Looks now, and later again while `isWanted` says so; ends the search that was going on. */
  async start(select: SelectConfig, isWanted: () => boolean): Promise<void> {
    clearTimeout(this.#timer);
    await this.#look(select, isWanted, 0);
  }

  async #look(select: SelectConfig, isWanted: () => boolean, attempt: number): Promise<void> {
    const { loader, signal, log } = this.#options;
    if (!isWanted()) return;
    for (const process of await loader.list()) await this.#lookAt(process, select);
    if (signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look(select, isWanted, attempt + 1).catch((error) => log.error("discovery failed", { error }));
    }, AGAIN_AFTER_MS[Math.min(attempt, AGAIN_AFTER_MS.length - 1)]);
    Deno.unrefTimer(this.#timer);
  }

  async #lookAt(process: ProcessInfo, select: SelectConfig): Promise<void> {
    const { loader, isKnown, onFound } = this.#options;
    const { pid } = process;
    const candidate = candidateOf(process, { kind: "not-go" });
    if (isKnown(pid) || ruleThatMeans(select, candidate, null) !== "ports-needed") return;
    const ports = await loader.ports(pid).catch(() => []);
    if (ruleThatMeans(select, candidate, ports) === null) return;
    // It may run another program by now, or none.
    const now = await loader.describe(pid).catch(() => null);
    if (now !== null && !isKnown(pid)) await onFound(now, ports);
  }
}
