/** One TCP connection as bytes in and out, each step within a time limit. Used by connection.ts. */

/** What is needed of Deno.TcpConn. */
export type Conn = Pick<Deno.TcpConn, "read" | "write" | "close" | "closeWrite">;

const CHUNK_BYTES = 65_536;

export class Wire implements Disposable {
  readonly #conn: Conn;
  readonly #chunk = new Uint8Array(4_096);
  /** Read, and not yet asked for. */
  #rest: Uint8Array = new Uint8Array();
  #closed = false;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Some bytes, or null at the end. What was read too far before comes first. */
  async read(limitMs: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#rest.length > 0) {
      const rest = this.#rest.slice();
      this.#rest = new Uint8Array();
      return rest;
    }
    const count = await this.within(limitMs, () => this.#conn.read(this.#chunk));
    return count === null ? null : this.#chunk.slice(0, count);
  }

  /** Puts bytes back that were read too far. */
  unread(bytes: Uint8Array): void {
    this.#rest = bytes;
  }

  /** Writes all; the limit is for each part that the other side takes. */
  async write(bytes: Uint8Array, limitMs: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + CHUNK_BYTES);
      at += await this.within(limitMs, () => this.#conn.write(part));
    }
  }

  /** Resolves when the other side is gone, or says no more; what it says until then is not heard. */
  async untilGone(): Promise<void> {
    try {
      while (await this.#conn.read(this.#chunk) !== null);
    } catch {
      // Gone, too.
    }
  }

  /** Does `step`; closes the connection, which makes it fail, when it takes longer. */
  async within<T>(limitMs: number, step: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this[Symbol.dispose](), limitMs);
    try {
      return await step();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says that nothing more comes, and waits for the other side to have read it: closing at once could take it away. */
  async linger(limitMs: number): Promise<void> {
    await this.within(limitMs, async () => {
      await this.#conn.closeWrite();
      await this.untilGone();
    });
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }
}
