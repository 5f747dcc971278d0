/**
 * Cuts the loader's byte stream into records. Chunks end anywhere, records do not: a piece of a record waits
 * here for the rest of it. Used by the Worker that reads the pipe, and by tests.
 */
import {
  MAX_RECORD_BYTES,
  OFFSET_HEADER_KIND,
  OFFSET_HEADER_SIZE,
  SIZEOF_HEADER,
} from "../../bpf/wire.gen.ts";
import { WireError } from "./wire_error.ts";

/** Gets each record with its header; the view lives only until the call returns. */
export type RecordHandler = (record: Uint8Array, kind: number) => void;

/** Reassembles records from the chunks of one stream. */
export class RecordReader {
  readonly #tail = new Uint8Array(MAX_RECORD_BYTES);
  readonly #tailView = new DataView(this.#tail.buffer);
  #tailBytes = 0;
  /** Bytes of the stream before the tail. */
  #offset = 0;

  /** Bytes that wait for the rest of their record. */
  get pendingBytes(): number {
    return this.#tailBytes;
  }

  /**
   * Hands every record that is complete with this chunk to `onRecord`, in order, unknown kinds too. The chunk
   * may be reused afterwards.
   *
   * @throws {WireError} when a size cannot be; the reader is of no use after that.
   */
  push(chunk: Uint8Array, onRecord: RecordHandler): void {
    let position = this.#tailBytes > 0 ? this.#finishTail(chunk, onRecord) : 0;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (chunk.length - position >= SIZEOF_HEADER) {
      const size = this.#checkSize(view, position);
      if (chunk.length - position < size) break;
      this.#offset += size;
      onRecord(
        chunk.subarray(position, position + size),
        view.getUint16(position + OFFSET_HEADER_KIND, true),
      );
      position += size;
    }
    this.#keep(chunk.subarray(position));
  }

  /**
   * Says that the stream has ended.
   *
   * @throws {WireError} when it ended inside a record, as it does when the loader is killed.
   */
  end(): void {
    if (this.#tailBytes === 0) return;
    throw new WireError(
      `Cannot read record at byte ${this.#offset}: stream ended after ${this.#tailBytes} bytes`,
      {
        offset: this.#offset,
        kind: this.#tailBytes >= SIZEOF_HEADER ? this.#tailView.getUint16(OFFSET_HEADER_KIND, true) : 0,
      },
    );
  }

  /** Completes the record in the tail as far as the chunk goes; returns how much of the chunk that took. */
  #finishTail(chunk: Uint8Array, onRecord: RecordHandler): number {
    const taken = Math.min(chunk.length, Math.max(0, SIZEOF_HEADER - this.#tailBytes));
    this.#keep(chunk.subarray(0, taken));
    if (this.#tailBytes < SIZEOF_HEADER) return taken;
    const size = this.#checkSize(this.#tailView, 0);
    const rest = chunk.subarray(taken, taken + size - this.#tailBytes);
    this.#keep(rest);
    if (this.#tailBytes === size) {
      this.#offset += size;
      this.#tailBytes = 0;
      onRecord(this.#tail.subarray(0, size), this.#tailView.getUint16(OFFSET_HEADER_KIND, true));
    }
    return taken + rest.length;
  }

  #keep(bytes: Uint8Array): void {
    this.#tail.set(bytes, this.#tailBytes);
    this.#tailBytes += bytes.length;
  }

  #checkSize(view: DataView, position: number): number {
    const size = view.getUint32(position + OFFSET_HEADER_SIZE, true);
    if (size >= SIZEOF_HEADER && size <= MAX_RECORD_BYTES && size % 8 === 0) return size;
    const wanted = size < SIZEOF_HEADER
      ? `at least ${SIZEOF_HEADER}`
      : size > MAX_RECORD_BYTES
      ? `at most ${MAX_RECORD_BYTES}`
      : "a multiple of 8";
    throw new WireError(`Cannot read record at byte ${this.#offset}: size is ${size}, must be ${wanted}`, {
      offset: this.#offset,
      kind: view.getUint16(position + OFFSET_HEADER_KIND, true),
    });
  }
}
