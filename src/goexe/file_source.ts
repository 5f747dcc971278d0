/** A `ByteSource` over a file of this machine. Used by scripts, benchmarks and tests; the service reads by pipe. */
import type { ByteSource } from "./types.ts";

/** Reads an open file; closing it is the owner's or `using`'s. */
export class FileSource implements ByteSource, Disposable {
  readonly size: number;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Opens `path` for reading. */
  static async open(path: string | URL): Promise<FileSource> {
    const file = await Deno.open(path, { read: true });
    try {
      return new FileSource(file, (await file.stat()).size);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const data = new Uint8Array(wanted);
    await this.#file.seek(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < wanted) {
      const count = await this.#file.read(data.subarray(filled));
      if (count === null) {
        return data.subarray(0, filled);
      }
      filled += count;
    }
    return data;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
