/** Puts blocks of headers together that come in several frames, and reads them. Used by Http2Connection. */
import { joinBytes } from "../../support/bytes.ts";
import { contentOf, Flag, type Frame, FrameType } from "./frames.ts";
import { type HeaderField, HpackDecoder } from "./hpack.ts";

export interface HeaderBlock {
  readonly stream: number;
  /** Nothing comes after it on its stream. */
  readonly isEnd: boolean;
  readonly fields: readonly HeaderField[];
}

const MAX_FRAMES = 64;

export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  /** HEADERS whose CONTINUATIONs are still to come. */
  #first: Frame | null = null;
  #parts: Uint8Array[] = [];

  /** @throws {RangeError} for a frame that may not come now: those of a block come one after the other. */
  check({ type, stream }: Frame): void {
    const continues = type === FrameType.CONTINUATION;
    if (this.#first === null ? continues : !continues || stream !== this.#first.stream) {
      throw new RangeError("Cannot read headers: another frame comes in the middle of them, or no first one");
    }
  }

  /**
   * Takes HEADERS or CONTINUATION; the block when that is its last frame, else null. Blocks of calls that have ended
   * count too, for they change the decoder's table.
   *
   * @throws {RangeError} when it is malformed or too long; the connection can then not be used any longer.
   */
  take(frame: Frame): HeaderBlock | null {
    const first = this.#first ?? frame;
    this.#parts.push((first === frame ? contentOf(frame) : frame.payload).slice());
    if (this.#parts.length > MAX_FRAMES) {
      throw new RangeError("Cannot read headers: they have too many frames");
    }
    this.#first = frame.flags & Flag.END_HEADERS ? null : first;
    if (this.#first !== null) return null;
    const block = joinBytes(this.#parts);
    this.#parts = [];
    return {
      stream: first.stream,
      isEnd: (first.flags & Flag.END_STREAM) !== 0,
      fields: this.#decoder.decode(block),
    };
  }
}
