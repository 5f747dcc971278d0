/**
 * Numbers for the processes that are measured: series carry a number, not a process. Processes that tell the same
 * service name, namespace and instance id are one in every back end, so they share one. Used by Measuring.
 */
import { ownerKey } from "../metrics/families.ts";
import type { Resource } from "../trace/resource.ts";

/** What became of a number. */
export interface IdentityChange {
  /** Of the process from now on; 1 or more. */
  readonly number: number;
  /** A number that no running process has any longer, or null. */
  readonly ended: number | null;
}

interface Identity {
  readonly number: number;
  resource: Resource;
  readonly pids: Set<number>;
}

/** Numbers of processes, and back. */
export class Identities {
  readonly #byKey = new Map<string, Identity>();
  readonly #byNumber = new Map<number, Identity>();
  readonly #byPid = new Map<number, Identity>();
  #next = 1;

  /** A process was found, or is called by another name now. */
  set(pid: number, resource: Resource): IdentityChange {
    const key = ownerKey(resource);
    let identity = this.#byKey.get(key);
    if (!identity) {
      identity = { number: this.#next++, resource, pids: new Set() };
      this.#byKey.set(key, identity);
      this.#byNumber.set(identity.number, identity);
    }
    const ended = this.#byPid.get(pid) === identity ? null : this.end(pid);
    identity.resource = resource;
    identity.pids.add(pid);
    this.#byPid.set(pid, identity);
    return { number: identity.number, ended };
  }

  /** A process has ended; yields its number when no other has it. */
  end(pid: number): number | null {
    const identity = this.#byPid.get(pid);
    if (!identity) return null;
    this.#byPid.delete(pid);
    identity.pids.delete(pid);
    return identity.pids.size === 0 ? identity.number : null;
  }

  /** Its newest resource; undefined for a number that was forgotten. */
  resource(number: number): Resource | undefined {
    return this.#byNumber.get(number)?.resource;
  }

  /** Nothing refers to the number any more. One that is in use again stays. */
  forget(number: number): boolean {
    const identity = this.#byNumber.get(number);
    if (!identity || identity.pids.size > 0) return false;
    this.#byNumber.delete(number);
    this.#byKey.delete(ownerKey(identity.resource));
    return true;
  }
}
