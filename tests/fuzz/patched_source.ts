/**
 * An executable that differs from a real one in a few places, without a copy of it: mutating costs nothing however
 * large the program is. Counts what is read, which is how a run away reader shows first.
 */
import type { ByteSource } from "../../src/goexe/types.ts";

/** Bytes that stand at `at` instead of the original's. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Reads the original through patches; later ones count. */
export class PatchedSource implements ByteSource {
  readonly size: number;
  bytesRead = 0;
  readonly #original: Uint8Array;
  readonly #patches: readonly Patch[];
  readonly #readLimit: number;

  constructor(
    original: Uint8Array,
    options: { patches: readonly Patch[]; size?: number; readLimit?: number },
  ) {
    this.#original = original;
    this.#patches = options.patches;
    this.size = options.size ?? original.length;
    this.#readLimit = options.readLimit ?? Infinity;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    const piece = this.#original.slice(offset, Math.min(offset + length, this.size));
    for (const { at, bytes } of this.#patches) {
      const from = Math.max(at, offset);
      const to = Math.min(at + bytes.length, offset + piece.length);
      if (from < to) piece.set(bytes.subarray(from - at, to - at), from - offset);
    }
    this.bytesRead += piece.length;
    if (this.bytesRead > this.#readLimit) {
      return Promise.reject(new Error(`more than ${this.#readLimit} bytes of ${this.size} were read`));
    }
    return Promise.resolve(piece);
  }

  /** The whole, to be kept. */
  async bytes(): Promise<Uint8Array> {
    return await new PatchedSource(this.#original, { patches: this.#patches, size: this.size }).read(
      0,
      this.size,
    );
  }
}
