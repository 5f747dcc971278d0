/**
 * Takes the records of the pipe one by one: span records go to the decoder that owns their slot, all others are
 * handed on in stream order. Runs in the Worker; knows nothing of messages, so that tests can drive it directly.
 */
import {
  KIND_HELLO,
  KIND_PROCESS_EXEC,
  KIND_PROCESS_EXIT,
  KIND_SPAN_END,
  KIND_SPAN_LOST,
  KIND_SPAN_START,
  KIND_STATS,
  MAX_SLOTS,
  OFFSET_HEADER_PID,
  OFFSET_HELLO_REALTIME_OFFSET_NS,
  OFFSET_SPAN_SLOT,
  OFFSET_STATS_REALTIME_OFFSET_NS,
  SIZEOF_HELLO,
  SIZEOF_SPAN,
  SIZEOF_STATS,
} from "../../bpf/wire.gen.ts";
import { type DecoderCounters, NO_COUNTERS, sumOf } from "./decoder_counters.ts";
import { DecoderFault } from "./decoder_fault.ts";
import { type DecoderCode, DecoderInstance } from "./host.ts";
import type { Measuring } from "./measuring.ts";
import type { PipelineCounters, SlotFault } from "./messages.ts";
import type { SpanBatch } from "./span_batch.ts";

/** Where finished spans and records that are no spans go. */
export interface RouterOptions {
  readonly onSpans: (batches: SpanBatch[]) => void;
  /** Gets a copy. */
  readonly onRecord: (record: Uint8Array<ArrayBuffer>) => void;
  /** Behind the last spans of the decoder. */
  readonly onFault?: (fault: SlotFault) => void;
  /** What takes the spans of all decoders before they are handed on. */
  readonly measuring?: Measuring | null;
}

/** A decoder and the slot that it serves. */
interface Served {
  readonly slot: number;
  readonly decoder: DecoderInstance;
}

/** Decoders by slot, and the totals of those that are gone. */
export class RecordRouter {
  readonly #options: RouterOptions;
  readonly #slots: (Served | undefined)[] = new Array(MAX_SLOTS).fill(undefined);
  /** Slots whose decoder was stopped. */
  readonly #faulty = new Set<number>();
  /** What `#slots` holds. */
  #served: readonly Served[] = [];
  #retired: DecoderCounters = NO_COUNTERS;
  #realtimeOffsetNs = 0n;
  #noDecoder = 0;
  #decoderFault = 0;
  #records = 0;
  #bytes = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /**
   * Gives a slot to a decoder. Spans in flight of one that had it before are given up.
   *
   * @throws {Error} when there is no such slot or the module does not work.
   */
  use(slot: number, code: DecoderCode): void {
    this.#checkSlot(slot);
    const decoder = new DecoderInstance(code);
    decoder.setRealtimeOffset(this.#realtimeOffsetNs);
    this.release(slot);
    this.#put(slot, { slot, decoder });
  }

  /**
   * Takes the decoder of a slot away, if it has one. Spans in flight are given up.
   *
   * @throws {RangeError} when there is no such slot.
   */
  release(slot: number): void {
    this.#checkSlot(slot);
    this.flush();
    this.#faulty.delete(slot);
    const served = this.#slots[slot];
    if (!served) return;
    const { decoder } = served;
    const counters = decoder.counters();
    const abandoned = counters.lost.abandoned + decoder.unfinished;
    this.#retired = sumOf(this.#retired, { ...counters, inFlight: 0, lost: { ...counters.lost, abandoned } });
    this.#put(slot, undefined);
  }

  /** Takes one whole record; the view is not kept. */
  take(record: Uint8Array, kind: number): void {
    this.#records++;
    this.#bytes += record.length;
    switch (kind) {
      case KIND_SPAN_START:
      case KIND_SPAN_END: {
        const slot = record.length >= SIZEOF_SPAN
          ? record[OFFSET_SPAN_SLOT]! | record[OFFSET_SPAN_SLOT + 1]! << 8
          : MAX_SLOTS;
        return this.#add(slot, record, kind);
      }
      case KIND_SPAN_LOST:
        for (const { slot } of this.#served) this.#add(slot, record, kind);
        return;
      case KIND_PROCESS_EXEC:
      case KIND_PROCESS_EXIT:
        this.#drop(view(record).getUint32(OFFSET_HEADER_PID, true));
        break;
      case KIND_HELLO:
        if (record.length >= SIZEOF_HELLO) this.#setClock(record, OFFSET_HELLO_REALTIME_OFFSET_NS);
        break;
      case KIND_STATS:
        if (record.length >= SIZEOF_STATS) this.#setClock(record, OFFSET_STATS_REALTIME_OFFSET_NS);
        break;
    }
    this.#options.onRecord(record.slice() as Uint8Array<ArrayBuffer>);
  }

  /** Decodes what is waiting. */
  flush(): void {
    this.#decode(this.#served);
  }

  counters(): PipelineCounters {
    const decoders = this.#served.map(({ slot, decoder }) => ({
      slot,
      name: decoder.name,
      counters: decoder.counters(),
    }));
    const sum = decoders.reduce((total, { counters }) => sumOf(total, counters), this.#retired);
    return {
      ...sum,
      starts: sum.starts + this.#noDecoder + this.#decoderFault,
      lost: { ...sum.lost, no_decoder: this.#noDecoder, decoder_fault: this.#decoderFault },
      records: this.#records,
      bytes: this.#bytes,
      decoders,
      ...(this.#options.measuring ? { red: this.#options.measuring.counters() } : {}),
    };
  }

  #add(slot: number, record: Uint8Array, kind: number): void {
    let served = this.#slots[slot];
    if (served) {
      if (served.decoder.add(record)) return;
      this.#decode([served]);
      served = this.#slots[slot];
      if (served?.decoder.add(record)) return;
    }
    if (kind !== KIND_SPAN_START) return;
    if (this.#faulty.has(slot)) this.#decoderFault++;
    else this.#noDecoder++;
  }

  /** A process is gone; 0 is none. */
  #drop(pid: number): void {
    if (pid === 0) return;
    this.flush();
    this.#call(this.#served, (decoder) => decoder.drop(pid));
  }

  #decode(served: readonly Served[]): void {
    const { measuring } = this.#options;
    this.#call(served, (decoder, batches) => decoder.decode(batches, measuring));
  }

  /** Calls decoders, hands on what comes of it and stops those that fail. */
  #call(served: readonly Served[], run: (decoder: DecoderInstance, batches: SpanBatch[]) => void): void {
    const batches: SpanBatch[] = [];
    const faults: SlotFault[] = [];
    for (const { slot, decoder } of served) {
      try {
        run(decoder, batches);
      } catch (error) {
        if (!(error instanceof DecoderFault)) throw error;
        faults.push(this.#stop(slot, decoder, error));
      }
    }
    if (batches.length > 0) this.#options.onSpans(batches);
    for (const fault of faults) this.#options.onFault?.(fault);
  }

  #stop(slot: number, decoder: DecoderInstance, { code, message }: DecoderFault): SlotFault {
    const lostSpans = decoder.unfinished;
    const counters = decoder.counters();
    this.#retired = sumOf(this.#retired, {
      ...counters,
      starts: counters.starts - counters.inFlight,
      inFlight: 0,
    });
    this.#decoderFault += lostSpans;
    this.#put(slot, undefined);
    this.#faulty.add(slot);
    return { slot, name: decoder.name, code, message, lostSpans };
  }

  #put(slot: number, served: Served | undefined): void {
    this.#slots[slot] = served;
    this.#served = this.#slots.filter((one) => one !== undefined);
  }

  #checkSlot(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= MAX_SLOTS) {
      throw new RangeError(`Cannot use slot ${slot}: must be below ${MAX_SLOTS}`);
    }
  }

  #setClock(record: Uint8Array, offset: number): void {
    this.#realtimeOffsetNs = view(record).getBigInt64(offset, true);
    this.flush();
    for (const { decoder } of this.#served) decoder.setRealtimeOffset(this.#realtimeOffsetNs);
  }
}

function view(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, record.byteLength);
}
