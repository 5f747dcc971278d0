/** Http2Connection over a socket that takes no more bytes, as that of a server that has stopped to read. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { SETTINGS } from "../../../tests/support/otlp_raw_server.ts";
import { joinBytes } from "../../support/bytes.ts";
import { Http2Connection } from "./connection.ts";
import { encodeFrame, encodeUint32, Flag, FrameType } from "./frames.ts";
import { encodeHeaders } from "./hpack.ts";

function answerOf(stream: number): Uint8Array {
  const flags = Flag.END_HEADERS | Flag.END_STREAM;
  const payload = encodeHeaders([[":status", "200"], ["grpc-status", "0"]]);
  return encodeFrame({ type: FrameType.HEADERS, flags, stream, payload });
}

/** The client's end of a connection: writes wait for `take()`, reads for `give()`. */
class Socket {
  readonly #incoming: Uint8Array[] = [];
  readonly #writes: { bytes: number; done: PromiseWithResolvers<number> }[] = [];
  #changed = Promise.withResolvers<void>();
  closed = false;
  written = 0;

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#incoming.length === 0 && !this.closed) await this.#changed.promise;
    const next = this.#incoming.shift();
    if (next === undefined) return null;
    into.set(next);
    return next.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const done = Promise.withResolvers<number>();
    this.#writes.push({ bytes: bytes.length, done });
    this.#notify();
    return done.promise;
  }

  close(): void {
    this.closed = true;
    for (const { done } of this.#writes) done.reject(new Deno.errors.Interrupted("closed"));
    this.#notify();
  }

  give(...parts: Uint8Array[]): void {
    this.#incoming.push(joinBytes(parts));
    this.#notify();
  }

  get isWriting(): boolean {
    return this.#writes.length > 0;
  }

  /** Waits for a write. */
  async pending(): Promise<void> {
    while (this.#writes.length === 0) await this.#changed.promise;
  }

  /** Lets one write end. */
  async take(): Promise<void> {
    await this.pending();
    const { bytes, done } = this.#writes.shift()!;
    this.written += bytes;
    done.resolve(bytes);
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function connected() {
  const socket = new Socket();
  const connection = new Http2Connection(socket as unknown as Deno.Conn);
  const call = (length: number, signal: AbortSignal) =>
    connection.call({
      head: encodeHeaders([[":method", "POST"]]),
      parts: [new Uint8Array(length)],
      maxAnswerBytes: 100,
      signal,
    });
  return { socket, connection, call };
}

/** Whatever can go on without the socket has gone on. */
const atRest = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a call that is answered lasts until its bytes are away, so that they cannot pile up", async () => {
  const { socket, connection, call } = connected();
  socket.give(SETTINGS);
  await socket.take();
  await socket.take();
  const limit = new AbortController();
  let over = false;
  const reply = call(1_000, limit.signal).finally(() => over = true);
  await socket.pending();
  socket.give(answerOf(1));
  await atRest();
  deepEqual([over, connection.retired], [false, false]);
  limit.abort();
  equal((await reply).complete, true);
  deepEqual([socket.closed, connection.retired], [true, true]);
});

Deno.test("room that a cancelled call had is another one's", async () => {
  const { socket, call } = connected();
  const more = encodeFrame({ type: FrameType.WINDOW_UPDATE, payload: encodeUint32(1_000) });
  socket.give(SETTINGS, more);
  await socket.take();
  await socket.take();
  await atRest();
  const never = new AbortController();
  const limit = new AbortController();
  // The first one's write is under way, the second one's waits for its turn with all the room that is left.
  const first = call(1_000, never.signal);
  const second = call(65_535, limit.signal);
  const third = call(65_535, never.signal);
  await socket.pending();
  limit.abort(new Error("late"));
  await rejects(second, /late/);
  while (socket.isWriting) {
    await socket.take();
    await atRest();
  }
  ok(socket.written > 65_535 + 1_000, `${socket.written} bytes`);
  socket.give(answerOf(1), answerOf(5));
  deepEqual((await Promise.all([first, third])).map(({ complete }) => complete), [true, true]);
  socket.close();
});
