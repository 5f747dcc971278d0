/** Frames of HTTP/2 (RFC 9113, sections 4 and 6): their layout, and a reader that is never led to keep much. */

export const FRAME_HEAD_BYTES = 9;
/** What an endpoint takes unless it says otherwise; we neither ask for longer ones nor send any. */
export const MAX_PAYLOAD_BYTES = 16_384;
/** Windows of connections and streams, both ways, where no setting says otherwise. */
export const WINDOW_BYTES = 65_535;
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

export const Setting = { ENABLE_PUSH: 2, MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4 } as const;

/** Error codes that we send or give a meaning to. */
export const ErrorCode = { REFUSED_STREAM: 7, CANCEL: 8 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** Valid until the next frame is read. */
  readonly payload: Uint8Array;
}

/** Writes a frame's head to `into` at `at`; returns where its payload begins. */
export function writeFrameHead(
  into: Uint8Array,
  at: number,
  { type, flags, stream, length }: Omit<Frame, "payload"> & { readonly length: number },
): number {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  new DataView(into.buffer, into.byteOffset).setUint32(at + 5, stream);
  return at + FRAME_HEAD_BYTES;
}

/** A whole frame. */
export function encodeFrame(
  { type, flags = 0, stream = 0, payload }: Partial<Frame> & Pick<Frame, "type" | "payload">,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
  frame.set(payload, writeFrameHead(frame, 0, { type, flags, stream, length: payload.length }));
  return frame;
}

/** A number of 32 bits as a payload, or several. */
export function encodeUint32(...values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, index) => new DataView(bytes.buffer).setUint32(4 * index, value));
  return bytes;
}

/** The 31 bits at `at`, without the reserved one. @throws {RangeError} when they are not there. */
export function readUint31(payload: Uint8Array, at: number): number {
  if (payload.length < at + 4) {
    throw new RangeError(
      `Cannot read frame: it is ${payload.length} bytes long, must be at least ${at + 4}`,
    );
  }
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(at) & 0x7fff_ffff;
}

/** Names and values of SETTINGS, in their order. @throws {RangeError} when the last is cut. */
export function readSettings(payload: Uint8Array): (readonly [name: number, value: number])[] {
  if (payload.length % 6 !== 0) {
    throw new RangeError(`Cannot read SETTINGS: they are ${payload.length} bytes long, must be six for each`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return Array.from(
    { length: payload.length / 6 },
    (_, at) => [view.getUint16(6 * at), view.getUint32(6 * at + 2)],
  );
}

/** What the frame carries, without padding and priority. @throws {RangeError} when it is shorter than it says. */
export function contentOf({ type, flags, payload }: Frame): Uint8Array {
  let start = 0;
  let end = payload.length;
  if (flags & Flag.PADDED) {
    end -= payload[0] ?? 0;
    start = 1;
  }
  if (type === FrameType.HEADERS && flags & Flag.PRIORITY) start += 5;
  if (start > end) {
    throw new RangeError(`Cannot read frame of type ${type}: its padding is longer than itself`);
  }
  return payload.subarray(start, end);
}

type Source = Pick<Deno.Conn, "read">;

/** Frames out of what a server sends, one at a time. */
export class FrameReader {
  readonly #source: Source;
  readonly #buffer = new Uint8Array(FRAME_HEAD_BYTES + MAX_PAYLOAD_BYTES);
  #start = 0;
  #end = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next one, or null at the end. @throws {RangeError} for one that is too long, as are other protocols' bytes. */
  async next(): Promise<Frame | null> {
    if (!await this.#fill(FRAME_HEAD_BYTES)) return null;
    const view = new DataView(this.#buffer.buffer, this.#start);
    const length = view.getUint32(0) >>> 8;
    if (length > MAX_PAYLOAD_BYTES) {
      throw new RangeError(
        `Cannot read frame: it is ${length} bytes long, at most ${MAX_PAYLOAD_BYTES} are taken`,
      );
    }
    const [type, flags, stream] = [view.getUint8(3), view.getUint8(4), view.getUint32(5) & 0x7fff_ffff];
    if (!await this.#fill(FRAME_HEAD_BYTES + length)) return null;
    const at = this.#start + FRAME_HEAD_BYTES;
    this.#start = at + length;
    return { type, flags, stream, payload: this.#buffer.subarray(at, at + length) };
  }

  /** What came and was not read as a frame, as text. */
  get rest(): string {
    return new TextDecoder("latin1").decode(this.#buffer.subarray(this.#start, this.#end));
  }

  /** Waits until `bytes` are there; false when the end comes before. */
  async #fill(bytes: number): Promise<boolean> {
    if (this.#start + bytes > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    while (this.#end - this.#start < bytes) {
      const read = await this.#source.read(this.#buffer.subarray(this.#end));
      if (read === null) return false;
      this.#end += read;
    }
    return true;
  }
}
