/** One call over an HTTP/2 connection: what it has come to, and in the end all that came of it. Kept by Http2Connection. */
import { WINDOW_BYTES } from "./frames.ts";
import type { HeaderField } from "./hpack.ts";

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

/** Of a call that nothing came of. */
export const NO_REPLY: Http2Reply = {
  status: null,
  headers: {},
  trailers: {},
  body: new Uint8Array(),
  complete: false,
  reset: null,
  failure: null,
  spokeHttp2: false,
};

/** Room that a server has used, given back when it is half of all. */
export class ReceiveWindow {
  #used = 0;

  /** Takes note of bytes that came; returns how many are to be given back now. */
  use(bytes: number): number {
    this.#used += bytes;
    if (this.#used < WINDOW_BYTES / 2) return 0;
    const back = this.#used;
    this.#used = 0;
    return back;
  }
}

export interface Http2StreamOptions {
  readonly id: number;
  /** Bytes that the server takes for now. */
  readonly window: number;
  readonly maxAnswerBytes: number;
}

export class Http2Stream {
  readonly id: number;
  readonly settled: Promise<Http2Reply>;
  readonly #resolve: (reply: Http2Reply) => void;
  readonly #maxAnswerBytes: number;
  done = false;
  headSent = false;
  bodySent = false;
  /** Bytes that the server still takes; less than none where it has taken room back. */
  window: number;
  readonly received = new ReceiveWindow();
  #status: number | null = null;
  #headers: Record<string, string> = {};
  #trailers: Record<string, string> = {};
  /** Longer than what has come, so that many small frames are not many arrays. */
  #body: Uint8Array<ArrayBuffer> = new Uint8Array();
  #bodyBytes = 0;

  constructor({ id, window, maxAnswerBytes }: Http2StreamOptions) {
    this.id = id;
    this.window = window;
    this.#maxAnswerBytes = maxAnswerBytes;
    const { promise, resolve } = Promise.withResolvers<Http2Reply>();
    this.settled = promise;
    this.#resolve = resolve;
  }

  /** A head, or trailers. @throws {RangeError} for a head without status. */
  takeFields(fields: readonly HeaderField[], isEnd: boolean): void {
    if (this.#status !== null) {
      this.#trailers = textOf(fields);
      return;
    }
    const code = fields.find(([name]) => name === ":status")?.[1] ?? "";
    if (!/^[1-9]\d\d$/.test(code)) throw new RangeError("Cannot read answer: its head has no HTTP status");
    const status = Number(code);
    // Informational heads come before the one that counts.
    if (status < 200 && !isEnd) return;
    this.#status = status;
    this.#headers = textOf(fields);
  }

  /** Copies a part of the body; false when that makes it too long. */
  takeBody(content: Uint8Array): boolean {
    const end = this.#bodyBytes + content.length;
    if (end > this.#maxAnswerBytes) return false;
    if (end > this.#body.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#body.length));
      grown.set(this.#body);
      this.#body = grown;
    }
    this.#body.set(content, this.#bodyBytes);
    this.#bodyBytes = end;
    return true;
  }

  /** Ends it, with what has come and what `how` says. */
  settle(how: Partial<Http2Reply>): void {
    this.done = true;
    this.#resolve({
      ...NO_REPLY,
      status: this.#status,
      headers: this.#headers,
      trailers: this.#trailers,
      body: this.#body.slice(0, this.#bodyBytes),
      ...how,
    });
  }
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
