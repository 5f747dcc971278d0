/**
 * Mutated records, a whole input region at a time. Records are copied out of the corpus and patched where they lie,
 * which costs less than decoding them; the framing stays right unless a batch is asked to break it.
 */
import * as wire from "../../bpf/wire.gen.ts";
import { INPUT_BYTES } from "../../decoder-as/assembly/memory_map.ts";
import type { Corpus } from "./decoder_corpus.ts";
import { EDGES_32, type Random } from "./random.ts";

/** Room that a record may take at most, after it was made longer. */
const MAX_BYTES = 4096;
const PIDS = 4;
const FIRST_PID = 1000;
/** How many span ids are in use at a time: few meet often, many fill the table. */
const POOLS = [4, 64, 1024, 1024, 20_000, 0x1000_0000];
/** How many changes a record gets. */
const CHANGES = [0, 0, 0, 1, 1, 1, 2, 3];
/** Bytes that texts are searched for. */
const MARKS = new TextEncoder().encode("/?&=%:[]@*. \u00e4\ud83d\ude00").slice();
const KINDS = [...Array(12).keys(), 63, 64, 0xffff];

/** What a run of batches holds most of, in 16ths: starts, then ends; the rest is losses and other kinds. */
const MIXTURES: readonly (readonly [starts: number, ends: number])[] = [[7, 8], [7, 8], [15, 0], [1, 14], [
  6,
  6,
]];

/** Makes batches in `bytes`. */
export class BatchMaker {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INPUT_BYTES + MAX_BYTES);
  readonly #shorts: Uint16Array<ArrayBuffer> = new Uint16Array(this.bytes.buffer);
  readonly #words: Uint32Array<ArrayBuffer> = new Uint32Array(this.bytes.buffer);
  readonly #corpus: Corpus;
  readonly #random: Random;
  /** Records in `bytes`. */
  records = 0;
  /** Span ids of the latest starts. */
  readonly #recent = new Uint32Array(256);
  #recentAt = 0;
  #endAt = 0;
  #pool = 4;
  #mixture = MIXTURES[0]!;
  #until = 0;
  #batch = 0;

  constructor(corpus: Corpus, random: Random) {
    this.#corpus = corpus;
    this.#random = random;
  }

  /** Fills `bytes`; yields how many of them are records. */
  make(): number {
    const random = this.#random;
    if (this.#batch++ >= this.#until) {
      this.#until = this.#batch + random.below(40);
      this.#pool = random.pick(POOLS);
      this.#mixture = random.pick(MIXTURES);
    }
    const limit = random.once(8) ? random.below(INPUT_BYTES / 8) * 8 : INPUT_BYTES;
    let at = 0;
    this.records = 0;
    for (;;) {
      const size = this.#append(at);
      if (at + size > limit) return at;
      at += size;
      this.records++;
    }
  }

  /** Puts a size into one record that no record can have. */
  breakFraming(length: number): void {
    const random = this.#random;
    let at = 0;
    for (let skip = random.below(400); skip > 0 && at < length; skip--) at += this.#words[at >> 2]!;
    if (at < length) this.#words[at >> 2] = random.once(2) ? random.pick(EDGES_32) : random.bits();
  }

  /** Writes one record at `at`; yields its size. */
  #append(at: number): number {
    const random = this.#random;
    const bits = random.bits();
    const kind = bits & 15;
    const [starts, ends] = this.#mixture;
    const isEnd = kind >= starts && kind < starts + ends;
    // Seven of eight ends are of the span that began longest ago and has none yet.
    const isPaired = isEnd && (bits & 0x70000) !== 0 && this.#endAt < this.#recentAt;
    if (this.#recentAt - this.#endAt > 256) this.#endAt = this.#recentAt - 128;
    const id = isPaired ? this.#recent[this.#endAt++ & 0xff]! : random.below(this.#pool);
    if (kind < starts) this.#recent[this.#recentAt++ & 0xff] = id;
    const family = id % 3;
    const from = kind < starts
      ? this.#corpus.starts[family]!
      : isEnd
      ? this.#corpus.ends[family]!
      : this.#corpus.others;
    const source = from[(bits >>> 4 & 0xff) % from.length]!;
    this.bytes.set(source, at);
    const word = at >> 2;
    this.#words[word + (wire.OFFSET_HEADER_PID >> 2)] = FIRST_PID + id % PIDS;
    const idAt = from === this.#corpus.others ? wire.OFFSET_SPAN_LOST_SPAN_ID : wire.OFFSET_SPAN_SPAN_ID;
    if (source.length >= idAt + 8) {
      this.#words[word + (idAt >> 2)] = id;
      this.#words[word + (idAt >> 2) + 1] = 0x5eed;
    }
    let size = source.length;
    for (let change = CHANGES[bits >>> 25 & 7]!; change > 0; change--) size = this.#mutate(at, size);
    return size;
  }

  #mutate(at: number, size: number): number {
    const random = this.#random;
    const bits = random.bits();
    const value = bits >>> 8;
    const { bytes } = this;
    const head = Math.min(size, wire.SIZEOF_SPAN);
    const room = size - wire.SIZEOF_HEADER;
    const shorts = this.#shorts;
    const words = this.#words;
    switch (bits & 15) {
      case 0: // a bit, of anything but size and kind
        if (room > 0) bytes[at + wire.SIZEOF_HEADER + value % room]! ^= 1 << (bits >>> 4 & 7);
        return size;
      case 1: // a byte of the head
        if (head > wire.SIZEOF_HEADER) {
          bytes[at + wire.SIZEOF_HEADER + value % (head - wire.SIZEOF_HEADER)] = EDGES_32[bits >>> 4 & 7]!;
        }
        return size;
      case 2: // a string that is longer or shorter than it says
      case 3: {
        const index = at + wire.OFFSET_SPAN_STRING_BYTES + 2 * (value & 7) >> 1;
        if (size < wire.SIZEOF_SPAN) return size;
        shorts[index] = bits & 0x80
          ? value >>> 3
          : bits & 0x40
          ? shorts[index]! + (value >>> 3 & 15) - 8
          : value >>> 3 & 0x1ff;
        return size;
      }
      case 4: // another probe
        bytes[at + wire.OFFSET_SPAN_PROBE] = value % (wire.MAX_PROBES + 2);
        return size;
      case 5: // another slot, outcome, attempts, parent
        bytes[at + wire.OFFSET_SPAN_SLOT] = value;
        bytes[at + wire.OFFSET_SPAN_OUTCOME] = value >>> 8 & 7;
        bytes[at + wire.OFFSET_SPAN_ATTEMPTS] = value >>> 11;
        bytes[at + wire.OFFSET_SPAN_PARENT] = value >>> 16 & 7;
        return size;
      case 6: // all strings cut
        bytes[at + wire.OFFSET_SPAN_TRUNCATED] = value;
        return size;
      case 7: // ends before it starts, or at the end of time
        words[(at + wire.OFFSET_HEADER_TIME_NS >> 2) + (value & 1)] =
          EDGES_32[(value >>> 1) % EDGES_32.length]!;
        return size;
      case 8: // cut short
        return this.#resize(at, wire.SIZEOF_HEADER + value % (room + 1) & ~7);
      case 9: // made longer, by what lay there before
        return this.#resize(at, Math.min(size + (value & 0x1f8), MAX_BYTES - 1024 & ~7));
      case 10: { // noise
        const first = at + wire.SIZEOF_HEADER + value % (room + 1) >> 2;
        const last = Math.min(first + (bits >>> 4 & 15), at + size >> 2);
        for (let index = first; index < last; index++) words[index] = random.bits();
        return size;
      }
      case 11: // another kind
        shorts[at + wire.OFFSET_HEADER_KIND >> 1] = KINDS[value % KINDS.length]!;
        return size;
      case 12: { // another span's id
        const index = (at + wire.OFFSET_SPAN_SPAN_ID >> 2) + (value & 1);
        words[index] = bits & 0x80 ? value >>> 4 & 0xff : EDGES_32[(value >>> 1) % EDGES_32.length]!;
        return size;
      }
      case 13: // marks in the texts
      case 14:
        for (let round = bits >>> 4 & 7; round >= 0 && size > wire.SIZEOF_SPAN; round--) {
          const place = random.bits();
          bytes[at + wire.SIZEOF_SPAN + (place >>> 8) % (size - wire.SIZEOF_SPAN)] =
            MARKS[(place & 0xff) % MARKS.length]!;
        }
        return size;
      default: // a number of the payload
        if (size >= wire.SIZEOF_SPAN + 64) {
          const index = (at + wire.SIZEOF_SPAN >> 2) + (value & 15);
          words[index] = EDGES_32[(value >>> 4) % EDGES_32.length]!;
        }
        return size;
    }
  }

  #resize(at: number, size: number): number {
    this.#words[at >> 2] = size;
    return size;
  }
}
