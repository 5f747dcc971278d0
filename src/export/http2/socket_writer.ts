/** Writes to a socket, one after the other, each made when its turn comes. Used by Http2Connection. */

export class SocketWriter {
  readonly #socket: Pick<Deno.Conn, "write">;
  readonly #onFailure: (error: unknown) => void;
  /** The newest write; each waits for the one before. */
  #written: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(socket: Pick<Deno.Conn, "write">, onFailure: (error: unknown) => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
  }

  /** Writes what `make` gives at its turn; resolves when it is away, or when it never will be. */
  write(make: () => Uint8Array): Promise<void> {
    this.#written = this.#written.then(async () => {
      if (this.#failed) return;
      try {
        let bytes = make();
        while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
      } catch (error) {
        this.#failed = true;
        this.#onFailure(error);
      }
    });
    return this.#written;
  }
}
