/** The frames of a request: its head, and its body piece by piece, copied once. Used by Http2Connection. */
import { joinBytes } from "../../support/bytes.ts";
import {
  encodeFrame,
  Flag,
  FRAME_HEAD_BYTES,
  FrameType,
  MAX_PAYLOAD_BYTES,
  writeFrameHead,
} from "./frames.ts";

/** HEADERS, and CONTINUATIONs where they are long. */
export function encodeHead(stream: number, block: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < block.length; at += MAX_PAYLOAD_BYTES) {
    const payload = block.subarray(at, at + MAX_PAYLOAD_BYTES);
    const flags = at + payload.length === block.length ? Flag.END_HEADERS : 0;
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    frames.push(encodeFrame({ type, flags, stream, payload }));
  }
  return joinBytes(frames);
}

/** Bytes that a body of `length` takes in DATA frames. */
export function bodyFrameBytes(length: number): number {
  return length + FRAME_HEAD_BYTES * Math.ceil(length / MAX_PAYLOAD_BYTES);
}

/** A body in parts, on its way into frames. */
export class RequestBody {
  readonly #parts: readonly Uint8Array[];
  #index = 0;
  #at = 0;
  /** Bytes that are in no frame yet. */
  left: number;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
    this.left = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Writes the next `bytes` of it to `into` at `at` as DATA frames; returns where they end. */
  fill(
    into: Uint8Array,
    at: number,
    { stream, bytes }: { readonly stream: number; readonly bytes: number },
  ): number {
    let end = at;
    for (let rest = bytes; rest > 0;) {
      const length = Math.min(rest, MAX_PAYLOAD_BYTES);
      rest -= length;
      this.left -= length;
      const flags = this.left === 0 ? Flag.END_STREAM : 0;
      end = this.#copy(
        into,
        writeFrameHead(into, end, { type: FrameType.DATA, flags, stream, length }),
        length,
      );
    }
    return end;
  }

  #copy(into: Uint8Array, at: number, length: number): number {
    const end = at + length;
    while (at < end) {
      const part = this.#parts[this.#index]!.subarray(this.#at, this.#at + end - at);
      into.set(part, at);
      at += part.length;
      this.#at += part.length;
      if (this.#at === this.#parts[this.#index]!.length) {
        this.#index++;
        this.#at = 0;
      }
    }
    return end;
  }
}
