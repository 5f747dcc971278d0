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
  FRAME_HEAD_BYTES,
  FrameReader,
  FrameType,
  MAX_PAYLOAD_BYTES,
  PREFACE,
  readUint31,
  Setting,
  writeFrameHead,
} from "./frames.ts";
import { type HeaderField, HpackDecoder } from "./hpack.ts";

/** All that came of a call. */
export interface Http2Reply {
  /** The HTTP status; null where no head of an answer came. */
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where the head was all of the answer. */
  readonly trailers: Readonly<Record<string, string>>;
  /** Null when it is longer than it may be. */
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** Whether it came to its end. */
  readonly complete: boolean;
  /** Error code of the RST_STREAM that ended the call, or of what amounts to one; else null. */
  readonly reset: number | null;
  /** Why there is no connection, or what ended it; null also where it ended without a word. */
  readonly failure: unknown;
  /** Whether the server has sent SETTINGS, as any of HTTP/2 does first. */
  readonly spokeHttp2: boolean;
}

export interface Http2Call {
  /** From encodeHeaders(), `:method`, `:scheme`, `:path` and `:authority` first. */
  readonly head: Uint8Array;
  /** The body, at least one byte. */
  readonly parts: readonly Uint8Array[];
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
}

/** What a call has come to. */
interface Stream {
  readonly id: number;
  readonly maxAnswerBytes: number;
  readonly settled: PromiseWithResolvers<Http2Reply>;
  done: boolean;
  headSent: boolean;
  bodySent: boolean;
  /** Bytes that the server still takes. */
  window: number;
  /** Bytes received whose room the server has not been given back. */
  owed: number;
  status: number | null;
  headers: Record<string, string> | null;
  trailers: Record<string, string>;
  /** Longer than what has come, so that many small frames are not many arrays. */
  body: Uint8Array<ArrayBuffer>;
  bodyBytes: number;
}

/** A block of headers in several frames. */
interface Block {
  readonly frame: Frame;
  readonly parts: Uint8Array[];
}

/** Windows, where no setting says otherwise. */
const WINDOW_BYTES = 65_535;
/** Room is given back when this much has been used of it. */
const OWED_BYTES = 32_768;
const MAX_UINT31 = 0x7fff_ffff;
const MAX_BLOCK_FRAMES = 64;
/** Frames of a body that are written at once. */
const FRAMES_PER_WRITE = 4;
/** A longer head is written by itself. */
const HEAD_ROOM_BYTES = 2_048;

export class Http2Connection {
  readonly #socket: Deno.Conn;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder();
  readonly #streams = new Map<number, Stream>();
  #nextId = 1;
  #window = WINDOW_BYTES;
  #owed = 0;
  #initialWindow = WINDOW_BYTES;
  #maxStreams = Infinity;
  #block: Block | null = null;
  #spokeHttp2 = false;
  #retired = false;
  #ended = false;
  /** What GOAWAY said, or what made the connection end. */
  #failure: unknown = null;
  /** The newest write; each waits for the one before. */
  #written: Promise<void> = Promise.resolve();
  /** Filled at a write's turn, so that one serves all. */
  readonly #scratch = new Uint8Array(
    HEAD_ROOM_BYTES + FRAMES_PER_WRITE * (FRAME_HEAD_BYTES + MAX_PAYLOAD_BYTES),
  );
  /** Settled and made anew when a window, a limit or a call has changed. */
  #changed = Promise.withResolvers<void>();

  /** Takes `socket` over. */
  constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.#reader = new FrameReader(socket);
    const settings = Uint8Array.from([0, Setting.ENABLE_PUSH, 0, 0, 0, 0]);
    void this.#write(() =>
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
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => {
      aborted.reject(signal.reason);
      this.#notify();
    };
    aborted.promise.catch(() => {});
    signal.addEventListener("abort", onAbort);
    try {
      while (!this.#retired && !signal.aborted && this.#streams.size >= this.#maxStreams) {
        await this.#changed.promise;
      }
      signal.throwIfAborted();
      if (this.#retired) return this.#unanswered();
      return await Promise.race([this.#exchange(call), aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
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
    for (const stream of this.#streams.values()) this.#settle(stream, { failure: this.#failure });
    this.retire();
    try {
      this.#socket.close();
    } catch {
      // The other side was quicker.
    }
  }

  async #exchange({ head, parts, maxAnswerBytes, signal }: Http2Call): Promise<Http2Reply> {
    const stream: Stream = {
      id: this.#nextId,
      maxAnswerBytes,
      settled: Promise.withResolvers(),
      done: false,
      headSent: false,
      bodySent: false,
      window: this.#initialWindow,
      owed: 0,
      status: null,
      headers: null,
      trailers: {},
      body: EMPTY,
      bodyBytes: 0,
    };
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    const cancel = () => this.#cancel(stream, {});
    signal.addEventListener("abort", cancel);
    if (this.#nextId > MAX_UINT31) this.retire();
    void this.#send(stream, encodeHead(stream.id, head), parts);
    try {
      return await stream.settled.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /**
   * Head and beginning of the body at once, the rest as the windows allow. The body is copied once, into the frames.
   * The first write is on its way before this returns, as heads must go out in the order of their ids.
   */
  async #send(stream: Stream, head: Uint8Array, parts: readonly Uint8Array[]): Promise<void> {
    const source = { parts, index: 0, at: 0 };
    let left = parts.reduce((sum, part) => sum + part.length, 0);
    let unsent = head;
    if (head.length > HEAD_ROOM_BYTES || this.#roomFor(stream) <= 0) {
      void this.#write(() => {
        stream.headSent = true;
        return head;
      });
      unsent = EMPTY;
    }
    while (left > 0 && !stream.done) {
      const room = Math.min(left, this.#roomFor(stream), FRAMES_PER_WRITE * MAX_PAYLOAD_BYTES);
      if (room <= 0) {
        await this.#changed.promise;
        continue;
      }
      this.#window -= room;
      stream.window -= room;
      left -= room;
      const isLast = left === 0;
      await this.#write(() => {
        if (stream.done) {
          this.#window += room;
          return EMPTY;
        }
        stream.headSent = true;
        stream.bodySent = isLast;
        this.#scratch.set(unsent);
        const end = fillData(this.#scratch, { at: unsent.length, stream: stream.id, source, room, isLast });
        unsent = EMPTY;
        return this.#scratch.subarray(0, end);
      });
    }
  }

  #roomFor(stream: Stream): number {
    return Math.min(this.#window, stream.window);
  }

  /** Writes what `make` gives when its turn comes; a failure ends the connection. */
  #write(make: () => Uint8Array): Promise<void> {
    this.#written = this.#written.then(async () => {
      if (this.#ended) return;
      try {
        let bytes = make();
        while (bytes.length > 0) bytes = bytes.subarray(await this.#socket.write(bytes));
      } catch (error) {
        this.close(error);
      }
    });
    return this.#written;
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
    if (this.#block !== null && (type !== FrameType.CONTINUATION || id !== this.#block.frame.stream)) {
      throw new RangeError("Cannot read headers: another frame comes in the middle of them");
    }
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
        return await this.#write(() => encodeFrame({ type, flags: Flag.ACK, payload: EMPTY }));
      case FrameType.PING: {
        if (flags & Flag.ACK) return;
        const answer = encodeFrame({ type, flags: Flag.ACK, payload });
        return await this.#write(() => answer);
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
    this.#owed += frame.payload.length;
    if (this.#owed >= OWED_BYTES) {
      await this.#giveBack(0, this.#owed);
      this.#owed = 0;
    }
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) return;
    if (stream.bodyBytes + content.length > stream.maxAnswerBytes) {
      return this.#cancel(stream, { body: null });
    }
    append(stream, content);
    if (frame.flags & Flag.END_STREAM) return this.#finish(stream);
    stream.owed += frame.payload.length;
    if (stream.owed >= OWED_BYTES) {
      await this.#giveBack(stream.id, stream.owed);
      stream.owed = 0;
    }
  }

  #giveBack(stream: number, bytes: number): Promise<void> {
    return this.#write(() =>
      encodeFrame({ type: FrameType.WINDOW_UPDATE, stream, payload: encodeUint32(bytes) })
    );
  }

  #takeHeaders(frame: Frame): void {
    const content = contentOf(frame.type === FrameType.CONTINUATION ? { ...frame, flags: 0 } : frame);
    const block = this.#block ?? { frame, parts: [] };
    if (frame.type === FrameType.CONTINUATION && this.#block === null) {
      throw new RangeError("Cannot read headers: they begin in the middle");
    }
    block.parts.push(content.slice());
    if (block.parts.length > MAX_BLOCK_FRAMES) throw new RangeError("Cannot read headers: they are too long");
    this.#block = frame.flags & Flag.END_HEADERS ? null : block;
    if (this.#block !== null) return;
    // Blocks of calls that have ended count for the table too.
    const fields = this.#decoder.decode(joinBytes(block.parts));
    const stream = this.#streams.get(block.frame.stream);
    if (stream === undefined) return;
    const isEnd = (block.frame.flags & Flag.END_STREAM) !== 0;
    if (stream.headers !== null) stream.trailers = textOf(fields);
    else {
      const status = Number(fields.find(([name]) => name === ":status")?.[1] ?? NaN);
      if (!Number.isInteger(status)) throw new RangeError("Cannot read answer: its head has no status");
      // Informational heads come before the one that counts.
      if (status < 200 && !isEnd) return;
      stream.status = status;
      stream.headers = textOf(fields);
    }
    if (isEnd) this.#finish(stream);
  }

  #apply(settings: Uint8Array): void {
    const view = new DataView(settings.buffer, settings.byteOffset, settings.length);
    for (let at = 0; at + 6 <= settings.length; at += 6) {
      const value = view.getUint32(at + 2);
      switch (view.getUint16(at)) {
        case Setting.MAX_CONCURRENT_STREAMS:
          this.#maxStreams = value;
          break;
        case Setting.INITIAL_WINDOW_SIZE:
          if (value > MAX_UINT31) {
            throw new RangeError(`Cannot use connection: its windows are of ${value} bytes`);
          }
          for (const stream of this.#streams.values()) stream.window += value - this.#initialWindow;
          this.#initialWindow = value;
          break;
      }
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

  #finish(stream: Stream): void {
    // An answer before the whole request has been sent: the rest is not wanted.
    if (stream.bodySent) this.#settle(stream, { complete: true });
    else this.#cancel(stream, { complete: true });
  }

  /** Settles the call, and tells the server. */
  #cancel(stream: Stream, how: Partial<Http2Reply>): void {
    if (stream.done) return;
    const payload = encodeUint32(ErrorCode.CANCEL);
    void this.#write(() =>
      stream.headSent ? encodeFrame({ type: FrameType.RST_STREAM, stream: stream.id, payload }) : EMPTY
    );
    this.#settle(stream, how);
  }

  #settle(stream: Stream, how: Partial<Http2Reply>): void {
    stream.done = true;
    this.#streams.delete(stream.id);
    stream.settled.resolve({
      ...this.#unanswered(),
      reset: null,
      status: stream.status,
      headers: stream.headers ?? {},
      trailers: stream.trailers,
      body: stream.body.slice(0, stream.bodyBytes),
      ...how,
    });
    this.#notify();
    if (this.#retired && this.#streams.size === 0) this.close();
  }

  /** Of a call that was not made. */
  #unanswered(): Http2Reply {
    return {
      status: null,
      headers: {},
      trailers: {},
      body: new Uint8Array(),
      complete: false,
      reset: this.#failure === null ? ErrorCode.REFUSED_STREAM : null,
      failure: this.#failure,
      spokeHttp2: this.#spokeHttp2,
    };
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const EMPTY = new Uint8Array();
/** Of a GOAWAY's words. */
const MAX_SAID = 200;

/** HEADERS, and CONTINUATIONs where they are long. */
function encodeHead(stream: number, block: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += MAX_PAYLOAD_BYTES) {
    const payload = block.subarray(at, at + MAX_PAYLOAD_BYTES);
    const flags = at + payload.length === block.length ? Flag.END_HEADERS : 0;
    frames.push(
      encodeFrame({ type: at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, flags, stream, payload }),
    );
  }
  return joinBytes(frames);
}

interface BodySource {
  readonly parts: readonly Uint8Array[];
  index: number;
  at: number;
}

/** Takes `room` bytes from `source` into DATA frames that begin at `at`; returns where they end. */
function fillData(
  into: Uint8Array,
  { at, stream, source, room, isLast }: {
    readonly at: number;
    readonly stream: number;
    readonly source: BodySource;
    readonly room: number;
    readonly isLast: boolean;
  },
): number {
  let end = at;
  for (let left = room; left > 0;) {
    const length = Math.min(left, MAX_PAYLOAD_BYTES);
    left -= length;
    const flags = isLast && left === 0 ? Flag.END_STREAM : 0;
    end = writeFrameHead(into, end, { type: FrameType.DATA, flags, stream, length });
    for (let missing = length; missing > 0;) {
      const part = source.parts[source.index]!.subarray(source.at, source.at + missing);
      into.set(part, end);
      end += part.length;
      missing -= part.length;
      source.at += part.length;
      if (source.at === source.parts[source.index]!.length) {
        source.index++;
        source.at = 0;
      }
    }
  }
  return end;
}

function append(stream: Stream, content: Uint8Array): void {
  const end = stream.bodyBytes + content.length;
  if (end > stream.body.length) {
    const grown = new Uint8Array(Math.max(end, 2 * stream.body.length));
    grown.set(stream.body);
    stream.body = grown;
  }
  stream.body.set(content, stream.bodyBytes);
  stream.bodyBytes = end;
}

/** Fields by name; those that come again are one, with commas. */
function textOf(fields: readonly HeaderField[]): Record<string, string> {
  const text = new Map<string, string>();
  for (const [name, value] of fields) {
    const before = text.get(name);
    text.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(text);
}

/** What a server that does not speak HTTP/2 has said; null for nothing. */
function describeStranger(said: string): Error | null {
  if (said === "") return null;
  if (said.startsWith("\x15\x03")) return new Error("it answers with an alert of TLS");
  return new Error(`it answers ${JSON.stringify(said.split("\r\n")[0]!.slice(0, 60))}`);
}
