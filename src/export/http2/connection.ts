/**
 * The client's half of one HTTP/2 connection (RFC 9113), as much as unary calls need: calls side by side, flow control
 * both ways, GOAWAY. Node's client keeps what it has sent until the engine collects, hundreds of MiB under load, and
 * takes 7 MiB of run time. Made by GrpcConnection. A server that breaks the rules loses the connection.
 */
import { joinBytes } from "../../support/bytes.ts";
import { escapeControls } from "../../support/text.ts";
import {
  contentOf,
  encodeFrame,
  encodeUint32,
  ErrorCode,
  Flag,
  type Frame,
  FrameReader,
  FrameType,
  MAX_PAYLOAD_BYTES,
  PREFACE,
  readSettings,
  readUint31,
  Setting,
  WINDOW_BYTES,
} from "./frames.ts";
import { HeaderBlocks } from "./header_blocks.ts";
import { bodyFrameBytes, encodeHead, RequestBody } from "./request_frames.ts";
import { SocketWriter } from "./socket_writer.ts";
import { describeStranger } from "./stranger.ts";
import { type Http2Reply, Http2Stream, NO_REPLY, ReceiveWindow } from "./stream.ts";

export interface Http2Call {
  /** From encodeHeaders(), `:method`, `:scheme`, `:path` and `:authority` first. */
  readonly head: Uint8Array;
  /** The body, at least one byte. */
  readonly parts: readonly Uint8Array[];
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
}

const MAX_UINT31 = 0x7fff_ffff;
/** Of a body, written at once. */
const WRITE_BYTES = 4 * MAX_PAYLOAD_BYTES;
/** A longer head is written by itself. */
const HEAD_ROOM_BYTES = 2_048;

export class Http2Connection {
  readonly #socket: Deno.Conn;
  readonly #reader: FrameReader;
  readonly #blocks = new HeaderBlocks();
  readonly #streams = new Map<number, Http2Stream>();
  #nextId = 1;
  #window = WINDOW_BYTES;
  readonly #received = new ReceiveWindow();
  #initialWindow = WINDOW_BYTES;
  #maxStreams = Infinity;
  #spokeHttp2 = false;
  #retired = false;
  #ended = false;
  /** What GOAWAY said, or what made the connection end. */
  #failure: unknown = null;
  readonly #writer: SocketWriter;
  /** Filled at a write's turn, so that one serves all. */
  readonly #scratch = new Uint8Array(HEAD_ROOM_BYTES + bodyFrameBytes(WRITE_BYTES));
  /** Settled and made anew when a window, a limit or a call has changed. */
  #changed = Promise.withResolvers<void>();

  /** Takes `socket` over. */
  constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.#reader = new FrameReader(socket);
    this.#writer = new SocketWriter(socket, (error) => this.close(error));
    const settings = Uint8Array.from([0, Setting.ENABLE_PUSH, 0, 0, 0, 0]);
    void this.#writer.write(() =>
      joinBytes([
        new TextEncoder().encode(PREFACE),
        encodeFrame({ type: FrameType.SETTINGS, payload: settings }),
      ])
    );
    void this.#run();
  }

  /** Sends a request and waits for its answer; rejects only with the reason of the signal. */
  async call(call: Http2Call): Promise<Http2Reply> {
    const { signal } = call;
    const wake = () => this.#notify();
    signal.addEventListener("abort", wake);
    try {
      while (!this.#retired && !signal.aborted && this.#streams.size >= this.#maxStreams) {
        await this.#changed.promise;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    signal.throwIfAborted();
    return this.#retired ? this.#unanswered() : await this.#exchange(call);
  }

  /** Whether it takes no more calls, since the server, an error or retire() has ended it. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Takes no more calls, and closes when those under way have ended. */
  retire(): void {
    this.#retired = true;
    this.#notify();
    if (this.#streams.size === 0) this.close();
  }

  /** Ends calls under way too. */
  close(failure: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure ??= failure;
    for (const stream of this.#streams.values()) this.#settle(stream, {});
    this.retire();
    try {
      this.#socket.close();
    } catch {
      // The other side was quicker.
    }
  }

  async #exchange({ head, parts, maxAnswerBytes, signal }: Http2Call): Promise<Http2Reply> {
    const stream = new Http2Stream({ id: this.#nextId, window: this.#initialWindow, maxAnswerBytes });
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    if (this.#nextId > MAX_UINT31) this.retire();
    const onAbort = () => {
      if (stream.done) this.close(new Error("it does not read what it is sent"));
      else this.#cancel(stream, {});
    };
    signal.addEventListener("abort", onAbort);
    try {
      const sent = this.#send(stream, encodeHead(stream.id, head), new RequestBody(parts));
      const reply = await stream.settled;
      if (signal.aborted && !reply.complete) throw signal.reason;
      // Bodies would pile up if a server that answers and does not read could let calls end.
      await sent;
      return reply;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Head and beginning of the body at once, the rest as the windows allow. The body is copied once, into the frames.
   * The first write is on its way before this returns, as heads must go out in the order of their ids.
   */
  async #send(stream: Http2Stream, head: Uint8Array, body: RequestBody): Promise<void> {
    let unsent = head;
    if (head.length > HEAD_ROOM_BYTES) {
      unsent = EMPTY;
      void this.#writer.write(() => {
        stream.headSent = true;
        return head;
      });
    }
    while (body.left > 0 && !stream.done) {
      await this.#writer.write(() => {
        if (stream.done) return EMPTY;
        const bytes = Math.max(0, Math.min(body.left, this.#roomFor(stream), WRITE_BYTES));
        this.#window -= bytes;
        stream.window -= bytes;
        this.#scratch.set(unsent);
        const end = body.fill(this.#scratch, unsent.length, { stream: stream.id, bytes });
        unsent = EMPTY;
        stream.headSent = true;
        stream.bodySent = body.left === 0;
        return this.#scratch.subarray(0, end);
      });
      while (this.#roomFor(stream) <= 0 && body.left > 0 && !stream.done) await this.#changed.promise;
    }
  }

  #roomFor(stream: Http2Stream): number {
    return Math.min(this.#window, stream.window);
  }

  async #run(): Promise<void> {
    try {
      for (let frame; (frame = await this.#reader.next()) !== null;) await this.#take(frame);
      this.close(this.#spokeHttp2 ? null : describeStranger(this.#reader.rest));
    } catch (error) {
      this.close(this.#spokeHttp2 ? error : describeStranger(this.#reader.rest) ?? error);
    }
  }

  /** Answers are waited for, so that a server that only asks is not read any faster than it reads. */
  async #take(frame: Frame): Promise<void> {
    const { type, flags, stream: id, payload } = frame;
    if (!this.#spokeHttp2) {
      if (type !== FrameType.SETTINGS) throw new RangeError("Cannot use connection: no SETTINGS come first");
      this.#spokeHttp2 = true;
    }
    this.#blocks.check(frame);
    switch (type) {
      case FrameType.DATA:
        return await this.#takeData(frame);
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        return this.#takeHeaders(frame);
      case FrameType.RST_STREAM: {
        const stream = this.#streams.get(id);
        if (stream) this.#settle(stream, { reset: readUint31(payload, 0) });
        return;
      }
      case FrameType.SETTINGS:
        if (flags & Flag.ACK) return;
        this.#apply(payload);
        return await this.#writer.write(() => encodeFrame({ type, flags: Flag.ACK, payload: EMPTY }));
      case FrameType.PING: {
        if (flags & Flag.ACK) return;
        const answer = encodeFrame({ type, flags: Flag.ACK, payload });
        return await this.#writer.write(() => answer);
      }
      case FrameType.GOAWAY:
        return this.#takeGoaway(payload);
      case FrameType.WINDOW_UPDATE:
        return this.#widen(id, readUint31(payload, 0));
      case FrameType.PUSH_PROMISE:
        throw new RangeError("Cannot use connection: the server pushes, which it was told not to");
    }
  }

  async #takeData(frame: Frame): Promise<void> {
    const content = contentOf(frame);
    await this.#giveBack(0, this.#received.use(frame.payload.length));
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return;
    if (!stream.takeBody(content)) return this.#cancel(stream, { body: null });
    if (frame.flags & Flag.END_STREAM) return this.#finish(stream);
    await this.#giveBack(stream.id, stream.received.use(frame.payload.length));
  }

  async #giveBack(stream: number, bytes: number): Promise<void> {
    if (bytes === 0) return;
    await this.#writer.write(() =>
      encodeFrame({ type: FrameType.WINDOW_UPDATE, stream, payload: encodeUint32(bytes) })
    );
  }

  #takeHeaders(frame: Frame): void {
    const block = this.#blocks.take(frame);
    const stream = block === null ? undefined : this.#streams.get(block.stream);
    if (block === null || stream === undefined) return;
    stream.takeFields(block.fields, block.isEnd);
    if (block.isEnd) this.#finish(stream);
  }

  #apply(settings: Uint8Array): void {
    for (const [name, value] of readSettings(settings)) {
      if (name === Setting.MAX_CONCURRENT_STREAMS) this.#maxStreams = value;
      if (name !== Setting.INITIAL_WINDOW_SIZE) continue;
      if (value > MAX_UINT31) {
        throw new RangeError(`Cannot use connection: its windows are of ${value} bytes`);
      }
      for (const stream of this.#streams.values()) stream.window += value - this.#initialWindow;
      this.#initialWindow = value;
    }
    this.#notify();
  }

  #widen(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    const window = id === 0 ? this.#window += bytes : stream ? stream.window += bytes : 0;
    if (window > MAX_UINT31) throw new RangeError("Cannot use connection: it gives more room than there is");
    this.#notify();
  }

  /** Calls beyond the last one that the server has looked at may be made again elsewhere. */
  #takeGoaway(payload: Uint8Array): void {
    const [last, code] = [readUint31(payload, 0), readUint31(payload, 4)];
    if (code !== 0) {
      const said = escapeControls(new TextDecoder().decode(payload.subarray(8, 8 + MAX_SAID)));
      this.#failure = new Error(`GOAWAY with HTTP/2 error ${code}${said === "" ? "" : `: ${said}`}`);
    }
    for (const stream of this.#streams.values()) {
      if (stream.id > last) this.#settle(stream, code === 0 ? { reset: ErrorCode.REFUSED_STREAM } : {});
    }
    this.retire();
  }

  #finish(stream: Http2Stream): void {
    // An answer before the whole request has been sent: the rest is not wanted.
    if (stream.bodySent) this.#settle(stream, { complete: true });
    else this.#cancel(stream, { complete: true });
  }

  /** Settles the call, and tells the server. */
  #cancel(stream: Http2Stream, how: Partial<Http2Reply>): void {
    if (stream.done) return;
    const payload = encodeUint32(ErrorCode.CANCEL);
    void this.#writer.write(() =>
      stream.headSent ? encodeFrame({ type: FrameType.RST_STREAM, stream: stream.id, payload }) : EMPTY
    );
    this.#settle(stream, how);
  }

  #settle(stream: Http2Stream, how: Partial<Http2Reply>): void {
    this.#streams.delete(stream.id);
    stream.settle({ failure: this.#failure, spokeHttp2: this.#spokeHttp2, ...how });
    this.#notify();
    if (this.#retired && this.#streams.size === 0) this.close();
  }

  /** Of a call that was not made. */
  #unanswered(): Http2Reply {
    const reset = this.#failure === null ? ErrorCode.REFUSED_STREAM : null;
    return { ...NO_REPLY, reset, failure: this.#failure, spokeHttp2: this.#spokeHttp2 };
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const EMPTY = new Uint8Array();
/** Of a GOAWAY's words. */
const MAX_SAID = 200;
