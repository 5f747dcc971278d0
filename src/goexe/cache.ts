/**
 * Inspections by the identity of the file, so that a hundred processes of one executable cost one inspection. Owned
 * by discovery. The key is what the kernel says of the file (device, inode, modification time, size), not the build id
 * in it: whoever copies a build id could otherwise plant probe sites for a program of someone else.
 */
import type { Inspection } from "./types.ts";

/** What the loader tells of an executable; see struct wire_process. */
export interface FileIdentity {
  readonly device: bigint | number;
  readonly inode: bigint | number;
  readonly modifiedNs: bigint | number;
  readonly size: bigint | number;
}

/** Keeps the inspections that were used last. */
export class InspectionCache {
  readonly #capacity: number;
  /** In order of use, the least recent first. */
  readonly #entries = new Map<string, Inspection>();

  constructor(options: { capacity: number }) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new RangeError(
        `Cannot keep ${options.capacity} inspections: must be a whole number of at least 1`,
      );
    }
    this.#capacity = options.capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The inspection of that file, if it is kept. */
  get(file: FileIdentity): Inspection | undefined {
    const key = keyOf(file);
    const inspection = this.#entries.get(key);
    if (inspection !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, inspection);
    }
    return inspection;
  }

  /** Keeps the inspection, dropping the one that was not used for longest when there are too many. */
  set(file: FileIdentity, inspection: Inspection): void {
    const key = keyOf(file);
    this.#entries.delete(key);
    this.#entries.set(key, inspection);
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }
}

function keyOf({ device, inode, modifiedNs, size }: FileIdentity): string {
  return `${device}:${inode}:${modifiedNs}:${size}`;
}
