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
import { type DecoderCounters, DecoderInstance, type LostReason } from "./host.ts";
import type { DecoderPack } from "./manifest.ts";
import type { PipelineCounters } from "./messages.ts";
import type { SpanBatch } from "./span_batch.ts";

/** Where finished spans and records that are no spans go. */
export interface RouterOptions {
  readonly onSpans: (batches: SpanBatch[]) => void;
  /** Gets a copy. */
  readonly onRecord: (record: Uint8Array<ArrayBuffer>) => void;
}

/** Decoders by slot, and the totals of those that were replaced. */
export class RecordRouter {
  readonly #options: RouterOptions;
  readonly #slots: (DecoderInstance | undefined)[] = new Array(MAX_SLOTS);
  readonly #retired: DecoderCounters[] = [];
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
  use(slot: number, pack: DecoderPack): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= MAX_SLOTS) {
      throw new RangeError(`Cannot use slot ${slot}: must be below ${MAX_SLOTS}`);
    }
    const decoder = new DecoderInstance(pack);
    decoder.setRealtimeOffset(this.#realtimeOffsetNs);
    this.flush();
    this.#retire(slot);
    this.#slots[slot] = decoder;
  }

  /** Takes one whole record; the view is not kept. */
  take(record: Uint8Array, kind: number): void {
    this.#records++;
    this.#bytes += record.length;
    switch (kind) {
      case KIND_SPAN_START:
      case KIND_SPAN_END:
        return this.#route(record, kind);
      case KIND_SPAN_LOST:
        return this.#slots.forEach((decoder, slot) => decoder && this.#add(slot, decoder, record));
      case KIND_PROCESS_EXEC:
      case KIND_PROCESS_EXIT:
        this.#onExit(view(record).getUint32(OFFSET_HEADER_PID, true));
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
    const batches: SpanBatch[] = [];
    this.#slots.forEach((decoder, slot) => decoder && this.#decode(slot, decoder, batches));
    if (batches.length > 0) this.#options.onSpans(batches);
  }

  /** Gives up the spans in flight of a process, or of all when `pid` is 0; yields how many. */
  drop(pid: number): number {
    this.flush();
    return this.#slots.reduce((dropped, decoder) => dropped + (decoder?.drop(pid || "all") ?? 0), 0);
  }

  counters(): PipelineCounters {
    const decoders = this.#slots.flatMap((decoder, slot) =>
      decoder ? [{ slot, name: decoder.name, counters: decoder.counters() }] : []
    );
    const all = [...this.#retired, ...decoders.map(({ counters }) => counters)];
    const sum = (of: (counters: DecoderCounters) => number) => all.reduce((total, one) => total + of(one), 0);
    const lost = (reason: LostReason) => sum((counters) => counters.lost[reason]);
    return {
      starts: sum(({ starts }) => starts) + this.#noDecoder,
      ends: sum(({ ends }) => ends),
      spans: sum(({ spans }) => spans),
      inFlight: sum(({ inFlight }) => inFlight),
      orphans: sum(({ orphans }) => orphans),
      malformed: sum(({ malformed }) => malformed),
      lost: {
        endRingFull: lost("endRingFull"),
        abandoned: lost("abandoned"),
        tableFull: lost("tableFull"),
        processExited: lost("processExited"),
        badRecord: lost("badRecord"),
        noDecoder: this.#noDecoder,
        decoderFault: this.#decoderFault,
      },
      records: this.#records,
      bytes: this.#bytes,
      decoders,
    };
  }

  #onExit(pid: number): void {
    if (pid !== 0) this.drop(pid);
  }

  #route(record: Uint8Array, kind: number): void {
    const slot = record.length >= SIZEOF_SPAN
      ? record[OFFSET_SPAN_SLOT]! | record[OFFSET_SPAN_SLOT + 1]! << 8
      : MAX_SLOTS;
    const decoder = this.#slots[slot];
    if (decoder) this.#add(slot, decoder, record);
    else if (kind === KIND_SPAN_START) this.#noDecoder++;
  }

  #add(slot: number, decoder: DecoderInstance, record: Uint8Array): void {
    if (decoder.add(record)) return;
    const batches: SpanBatch[] = [];
    this.#decode(slot, decoder, batches);
    if (batches.length > 0) this.#options.onSpans(batches);
    this.#slots[slot]?.add(record);
  }

  #decode(slot: number, decoder: DecoderInstance, batches: SpanBatch[]): void {
    try {
      decoder.decode(batches);
    } catch {
      // Its memory still tells what it did; its spans in flight will find no one.
      const counters = decoder.counters();
      this.#decoderFault += counters.inFlight;
      this.#retired.push({ ...counters, inFlight: 0 });
      delete this.#slots[slot];
    }
  }

  #retire(slot: number): void {
    const decoder = this.#slots[slot];
    if (!decoder) return;
    decoder.drop("all");
    this.#retired.push(decoder.counters());
  }

  #setClock(record: Uint8Array, offset: number): void {
    this.#realtimeOffsetNs = view(record).getBigInt64(offset, true);
    this.flush();
    for (const decoder of this.#slots) decoder?.setRealtimeOffset(this.#realtimeOffsetNs);
  }
}

function view(record: Uint8Array): DataView {
  return new DataView(record.buffer, record.byteOffset, record.byteLength);
}
