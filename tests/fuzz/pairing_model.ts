/**
 * What a decoder must do with each record, told by a map of the spans in flight. Only whether a start or an end is
 * good it takes from the decoder; everything else has to follow. Used by decoders.ts, a record at a time.
 */
import assert from "node:assert/strict";
import * as wire from "../../bpf/wire.gen.ts";
import * as map from "../../decoder-as/assembly/memory_map.ts";

/** Reads a counter of the decoder. */
type Word = (index: number) => number;

const WATCHED = [
  map.WORD_STARTS,
  map.WORD_ENDS,
  map.WORD_SPANS,
  map.WORD_ORPHANS,
  map.WORD_MALFORMED,
  map.WORD_LOST_END_RING_FULL,
  map.WORD_LOST_ABANDONED,
  map.WORD_LOST_TABLE_FULL,
  map.WORD_LOST_BAD_RECORD,
] as const;

type Rises = Partial<Record<typeof WATCHED[number], number>>;

/** Spans in flight, as they have to be. */
export class PairingModel {
  readonly #pids = new Map<bigint, number>();
  #before: number[] = [];

  /** Called before the decoder gets a record. */
  look(word: Word): void {
    this.#before = WATCHED.map(word);
  }

  /** Called after the decoder took it. */
  check(record: Uint8Array, word: Word): void {
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    const kind = view.getUint16(wire.OFFSET_HEADER_KIND, true);
    const isBad = word(map.WORD_LOST_BAD_RECORD) > this.#before[WATCHED.indexOf(map.WORD_LOST_BAD_RECORD)]!;
    const expected = this.#expect(view, kind, isBad);
    for (const [at, index] of WATCHED.entries()) {
      const rise = word(index) - this.#before[at]!;
      assert.equal(rise, expected[index] ?? 0, `word ${index} after a record of kind ${kind}`);
    }
    assert.equal(word(map.WORD_IN_FLIGHT), this.#pids.size, `spans in flight after a record of kind ${kind}`);
  }

  /** Called when a process, or with 0 all, was given up. */
  drop(pid: number): void {
    for (const [id, owner] of this.#pids) if (pid === 0 || owner === pid) this.#pids.delete(id);
  }

  #expect(view: DataView, kind: number, isBad: boolean): Rises {
    const pid = view.getUint32(wire.OFFSET_HEADER_PID, true);
    switch (kind) {
      case wire.KIND_SPAN_START: {
        if (isBad || view.byteLength < wire.SIZEOF_SPAN) {
          return { [map.WORD_STARTS]: 1, [map.WORD_LOST_BAD_RECORD]: 1 };
        }
        const id = view.getBigUint64(wire.OFFSET_SPAN_SPAN_ID, true);
        const again = this.#pids.delete(id) ? 1 : 0;
        const isFull = this.#pids.size === map.SLOT_COUNT;
        if (!isFull) this.#pids.set(id, pid);
        return {
          [map.WORD_STARTS]: 1,
          [map.WORD_LOST_ABANDONED]: again,
          [map.WORD_LOST_TABLE_FULL]: isFull ? 1 : 0,
        };
      }
      case wire.KIND_SPAN_END: {
        if (view.byteLength < wire.SIZEOF_SPAN) return { [map.WORD_ENDS]: 1, [map.WORD_MALFORMED]: 1 };
        const id = view.getBigUint64(wire.OFFSET_SPAN_SPAN_ID, true);
        if (this.#pids.get(id) !== pid) return { [map.WORD_ENDS]: 1, [map.WORD_ORPHANS]: 1 };
        this.#pids.delete(id);
        return { [map.WORD_ENDS]: 1, [isBad ? map.WORD_LOST_BAD_RECORD : map.WORD_SPANS]: 1 };
      }
      case wire.KIND_SPAN_LOST: {
        if (view.byteLength < wire.SIZEOF_SPAN_LOST) return { [map.WORD_MALFORMED]: 1 };
        if (!this.#pids.delete(view.getBigUint64(wire.OFFSET_SPAN_LOST_SPAN_ID, true))) return {};
        const isRingFull = view.getUint32(wire.OFFSET_SPAN_LOST_REASON, true) === wire.LOST_END_RING_FULL;
        return { [isRingFull ? map.WORD_LOST_END_RING_FULL : map.WORD_LOST_ABANDONED]: 1 };
      }
      default:
        return {};
    }
  }
}
