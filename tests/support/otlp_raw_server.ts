/** A server of HTTP/2 that is made of bytes, hostile where a test wants it, and a GrpcSender to it. */
import { equal } from "node:assert/strict";
import { GrpcSender } from "../../src/export/grpc_sender.ts";
import { encodeFrame, Flag, FRAME_HEAD_BYTES, FrameType, PREFACE } from "../../src/export/http2/frames.ts";
import type { SendResult } from "../../src/export/sender.ts";
import { joinBytes } from "../../src/support/bytes.ts";

type Serve = (peer: Peer) => Promise<void>;

export const SETTINGS = encodeFrame({ type: FrameType.SETTINGS, payload: new Uint8Array() });

/** A connection, seen from the server. */
export class Peer {
  constructor(readonly connection: Deno.TcpConn) {}

  async write(...parts: Uint8Array[]): Promise<void> {
    const bytes = joinBytes(parts);
    for (let at = 0; at < bytes.length;) at += await this.connection.write(bytes.subarray(at));
  }

  /** Sends SETTINGS and reads a request to its end. */
  async request(): Promise<void> {
    await this.write(SETTINGS);
    await this.preface();
    for (let frame; (frame = await this.frame());) {
      if (frame.type === FrameType.DATA && frame.flags & Flag.END_STREAM) return;
    }
  }

  async preface(): Promise<void> {
    equal(new TextDecoder().decode(await this.#read(PREFACE.length)), PREFACE);
  }

  async frame() {
    const head = await this.#read(FRAME_HEAD_BYTES);
    const view = new DataView(head.buffer);
    const payload = await this.#read(view.getUint32(0) >>> 8);
    return { type: head[3]!, flags: head[4]!, stream: view.getUint32(5), payload };
  }

  async #read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const read = await this.connection.read(bytes.subarray(at));
      if (read === null) throw new Error("the client has closed");
      at += read;
    }
    return bytes;
  }
}

/** A server for one sender; what `serve` throws is thrown at the end. */
export class RawServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  readonly sender: GrpcSender;
  connections = 0;

  constructor(serve: Serve, { timeoutMs = 60_000 } = {}) {
    this.#accepting = this.#accept(serve);
    const url = `http://127.0.0.1:${this.#listener.addr.port}/x`;
    this.sender = new GrpcSender({ url, headers: {}, timeoutMs, compression: "none" });
  }

  async send(length = 100): Promise<SendResult> {
    return await this.sender.send({ body: new Uint8Array(length) }, new AbortController().signal);
  }

  async #accept(serve: Serve): Promise<void> {
    for await (const connection of this.#listener) {
      this.connections++;
      const served = serve(new Peer(connection)).finally(() => {
        try {
          connection.close();
        } catch {
          // It is closed.
        }
      });
      served.catch(() => {});
      this.#serving.push(served);
    }
  }

  async [Symbol.asyncDispose]() {
    this.sender[Symbol.dispose]();
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }
}

/** Reads until the client ends the connection. */
export async function untilClosed({ connection }: Peer): Promise<void> {
  const into = new Uint8Array(65_536);
  try {
    while (await connection.read(into) !== null);
  } catch {
    // Reset.
  }
}
