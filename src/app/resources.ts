/**
 * The resource of each traced process by pid. An entry outlives its process, since spans may still be on their
 * way; a new process of the same pid replaces it. Used by Agent.
 */
import type { Target } from "../discovery/target.ts";
import type { Logger } from "../support/log.ts";
import { createResource, type Resource } from "../trace/resource.ts";

/** Entries kept for processes that have ended. */
const MAX_RESOURCES = 16_384;

/** Resources of the processes seen. */
export class Resources {
  readonly #log: Logger;
  readonly #byPid = new Map<number, Resource>();

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log;
  }

  /** A Go process was found. */
  add(target: Target, hostName: string): void {
    const { pid, exe, goVersion, environment } = target;
    const resource = createResource({
      pid,
      exe,
      goVersion,
      environment,
      hostName,
      onProblem: (problem) => this.#log.warn("resource attributes", { pid, problem }),
    });
    this.#byPid.delete(pid);
    this.#byPid.set(pid, resource);
    const [oldest] = this.#byPid.keys();
    if (this.#byPid.size > MAX_RESOURCES && oldest !== undefined) this.#byPid.delete(oldest);
  }

  /** The resource of a process, one that says little when the process was never announced. */
  of(pid: number): Resource {
    let resource = this.#byPid.get(pid);
    if (!resource) {
      resource = createResource({ pid, exe: "", goVersion: null, environment: {}, hostName: "" });
      this.#byPid.set(pid, resource);
    }
    return resource;
  }
}
