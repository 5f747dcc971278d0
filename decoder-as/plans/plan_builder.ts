/**
 * Writes one capture plan and knows where each byte of it will lie in the record. Used by capture.ts, so that the
 * kernel's plan and the decoder's offsets come from the same calls.
 */
import {
  CAPTURE_END_BYTES,
  CAPTURE_START_BYTES,
  MAX_PLAN_OPS,
  MAX_STRING_BYTES,
  MAX_TRACESTATE_BYTES,
  OP_PEEK,
  OP_READ,
  OP_STRING,
  PROBE_CLIENT_START,
  PROBE_SERVER_START,
  SIZEOF_SPAN,
} from "../../bpf/wire.gen.ts";
import type { Plan, PlanOp } from "../../src/decoder/manifest.ts";

/** The registers that close a reservation: 12 words; see struct wire_span. */
const REGISTER_FILE_BYTES = 96;

/** Bytes of an object that a plan has copied; turns the object's offsets into the record's. */
export class Snapshot {
  readonly #at: number;
  readonly #from: number;
  readonly #bytes: number;

  constructor(at: number, from: number, bytes: number) {
    this.#at = at;
    this.#from = from;
    this.#bytes = bytes;
  }

  /** Where the object's `bytes` at `offset` lie in the record. */
  at(offset: number, bytes = 8): number {
    if (offset < this.#from || offset + bytes > this.#from + this.#bytes) {
      throw new RangeError(
        `Cannot use offset ${offset}: snapshot is ${this.#from}..${this.#from + this.#bytes}`,
      );
    }
    return this.#at + offset - this.#from;
  }
}

/** Collects the ops of one probe. Fixed bytes come before strings, whose length only the record tells. */
export class PlanBuilder {
  readonly #probe: number;
  readonly #reservedBytes: number;
  readonly #ops: PlanOp[] = [];
  #fixedBytes = 0;
  #stringBytes = 0;

  constructor(probe: number) {
    this.#probe = probe;
    const isStart = probe === PROBE_SERVER_START || probe === PROBE_CLIENT_START;
    this.#reservedBytes = isStart ? CAPTURE_START_BYTES : CAPTURE_END_BYTES;
  }

  /** Bytes of the payload before its first string. */
  get fixedBytes(): number {
    return this.#fixedBytes;
  }

  /** Offset of a register in the record while the kernel fills it. */
  register(index: number): number {
    return this.#reservedBytes - REGISTER_FILE_BYTES + 8 * index;
  }

  /** Copies bytes `from` up to `to` of the object whose address lies at `source`. */
  read(source: number, from: number, to: number): Snapshot {
    const bytes = alignUp(to - from);
    const at = this.#fixedCursor();
    this.#push({ code: OP_READ, string: 0, source, add: from, length: bytes });
    this.#fixedBytes += bytes;
    return new Snapshot(at, from, bytes);
  }

  /** As `read`, but the next op overwrites the copy. */
  peek(source: number, from: number, bytes: number): number {
    const at = this.#fixedCursor();
    this.#push({ code: OP_PEEK, string: 0, source, add: from, length: bytes });
    return at;
  }

  /** Copies the Go string whose header lies at `source`, at most `limit` bytes. */
  string(index: number, source: number, limit: number): void {
    if (limit > MAX_STRING_BYTES || limit % 8 !== 0) {
      throw new RangeError(`Cannot copy string of ${limit} bytes`);
    }
    this.#push({ code: OP_STRING, string: index, source, add: 0, length: limit });
    this.#stringBytes += limit;
  }

  finish(): Plan {
    const tracestateBytes = this.#probe === PROBE_SERVER_START ? MAX_TRACESTATE_BYTES : 0;
    const bytes = SIZEOF_SPAN + this.#fixedBytes + this.#stringBytes + tracestateBytes;
    const room = this.#reservedBytes - REGISTER_FILE_BYTES;
    if (bytes > room) {
      throw new RangeError(`Cannot plan probe ${this.#probe}: ${bytes} bytes, room for ${room}`);
    }
    return { probe: this.#probe, ops: this.#ops };
  }

  #fixedCursor(): number {
    if (this.#stringBytes > 0) throw new Error("Cannot read behind a string: its length varies");
    return SIZEOF_SPAN + this.#fixedBytes;
  }

  #push(op: PlanOp) {
    if (this.#ops.length === MAX_PLAN_OPS) throw new RangeError(`Cannot plan more than ${MAX_PLAN_OPS} ops`);
    this.#ops.push(op);
  }
}

function alignUp(bytes: number): number {
  return (bytes + 7) & ~7;
}
