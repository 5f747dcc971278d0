/** A named pipe in place of the loader's, for tests of the Worker that reads it. */
import assert from "node:assert/strict";

export class Pipe implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;

  constructor() {
    this.#folder = Deno.makeTempDirSync();
    this.path = `${this.#folder}/records`;
    const { success } = new Deno.Command("mkfifo", { args: [this.path] }).outputSync();
    assert.ok(success);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

export async function writeAll(
  pipe: Deno.FsFile,
  records: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  await write(pipe, new Uint8Array(await new Blob([...records]).arrayBuffer()));
}

export async function write(pipe: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await pipe.write(bytes.subarray(at));
}
