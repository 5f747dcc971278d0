/** A server below HTTP that breaks off, dawdles or talks nonsense, one connection after the other as it is told. */

import { sleep } from "../support/eventually.ts";

/** What is done with a connection; it is closed afterwards. */
export type Rudeness = (connection: Deno.TcpConn) => Promise<void> | void;

const encoder = new TextEncoder();

/** Reads a request of HTTP/1.1 with Content-Length to its end and returns its length. */
async function readRequest(connection: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  while (true) {
    const length = await connection.read(buffer);
    if (length === null) return text.length;
    text += String.fromCharCode(...buffer.subarray(0, length));
    const end = text.indexOf("\r\n\r\n");
    const [, bytes] = /\r\ncontent-length: (\d+)/i.exec(text) ?? [];
    if (end >= 0 && text.length >= end + 4 + Number(bytes ?? 0)) return text.length;
  }
}

/** Answers with these bytes and closes. */
const saying = (answer: string): Rudeness => async (connection) => {
  await readRequest(connection);
  await connection.write(encoder.encode(answer));
};

/** Ways of failing that all mean "not taken, try again". */
export const RUDE: Readonly<Record<string, Rudeness>> = {
  "closes before the request": () => {},
  "closes after the request": async (connection) => {
    await readRequest(connection);
  },
  "closes within the request": async (connection) => {
    await connection.read(new Uint8Array(20));
  },
  "closes within the status line": saying("HTTP/1.1 2"),
  "closes within the headers": saying("HTTP/1.1 200 OK\r\nContent-Le"),
  "closes within the answer": saying("HTTP/1.1 200 OK\r\nContent-Length: 1009\r\n\r\n0123456789"),
  "closes within a chunk": saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n0123456789"),
  "speaks another protocol": saying("220 mail.example.com ESMTP\r\n"),
  "sends a chunk of no length": saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
  "sends headers without end": saying(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(1_000_000)}`),
  "sends what is no gzip": saying(
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n0123456789",
  ),
};

/** Sends headers, a byte now and then, until the client hangs up. */
export const dawdling: Rudeness = async (connection) => {
  await readRequest(connection);
  await connection.write(encoder.encode("HTTP/1.1 200 OK\r\nX: "));
  for (;;) {
    await connection.write(encoder.encode("x"));
    await sleep(50);
  }
};

/** Full success. */
export const polite: Rudeness = saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

/** A running server. */
export class RudeServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  connections = 0;

  /** `next` says what is done with the connection of that number; 1 is the first. */
  constructor(next: (connection: number) => Rudeness) {
    this.#loop = (async () => {
      for await (const connection of this.#listener) {
        const handled = this.#handle(connection, next(++this.connections)).finally(() =>
          this.#open.delete(handled)
        );
        this.#open.add(handled);
      }
    })();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/v1/traces`;
  }

  async #handle(connection: Deno.TcpConn, rudeness: Rudeness): Promise<void> {
    try {
      await rudeness(connection);
    } catch {
      // The client hung up first.
    }
    connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#loop;
    await Promise.all(this.#open);
  }
}
