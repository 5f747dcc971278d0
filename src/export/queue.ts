/**
 * Spans waiting for export, bounded in number and bytes. Owned by OtlpExporter. Batches stay encoded; one is only
 * cut, at a border between spans, where it does not fit as a whole.
 */
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { Resource } from "../trace/resource.ts";
import { splitSpans } from "../trace/split.ts";

export interface SpanQueueOptions {
  readonly maxSpans: number;
  readonly maxBytes: number;
  /** Spans of one `take()`. */
  readonly maxBatch: number;
  /** Bytes of one `take()`, unless a single span has more. */
  readonly maxBatchBytes: number;
}

/** Spans of one resource. */
export interface QueueItem {
  readonly resource: Resource;
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it was put in, on the caller's clock. */
  readonly at: number;
}

export class SpanQueue {
  readonly #options: SpanQueueOptions;
  #items: QueueItem[] = [];
  /** Index of the first item that was not taken yet. */
  #first = 0;
  #spans = 0;
  #bytes = 0;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  get spans(): number {
    return this.#spans;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest item was put in, or null when there is none. */
  get oldestAt(): number | null {
    return this.#items[this.#first]?.at ?? null;
  }

  /** Adds what fits, beside `elsewhere` spans that count against the same bound; returns how many spans did not. */
  put(resource: Resource, batch: SpanBatch, { at, elsewhere }: { at: number; elsewhere: number }): number {
    const room = Math.max(0, this.#options.maxSpans - this.#spans - elsewhere);
    const { maxBatch, maxBatchBytes } = this.#options;
    const fits = batch.count <= maxBatch && batch.bytes.length <= maxBatchBytes;
    if (fits && batch.count <= room) {
      return this.#add({ resource, count: batch.count, bytes: owned(batch.bytes), at });
    }
    const slices = splitSpans(batch.bytes).slice(0, room);
    let lost = batch.count - slices.length;
    for (let from = 0; from < slices.length;) {
      const start = slices[from]!.fieldStart;
      let to = from + 1;
      while (to < slices.length && to - from < maxBatch && slices[to]!.end - start <= maxBatchBytes) to++;
      const bytes = batch.bytes.slice(start, slices[to - 1]!.end);
      lost += this.#add({ resource, count: to - from, bytes, at });
      from = to;
    }
    return lost;
  }

  /** Removes the oldest items, up to one request's worth. */
  take(): QueueItem[] {
    const { maxBatch, maxBatchBytes } = this.#options;
    const taken: QueueItem[] = [];
    let spans = 0;
    let bytes = 0;
    while (this.#first < this.#items.length) {
      const item = this.#items[this.#first]!;
      if (spans + item.count > maxBatch) break;
      if (taken.length > 0 && bytes + item.bytes.length > maxBatchBytes) break;
      taken.push(item);
      spans += item.count;
      bytes += item.bytes.length;
      this.#first++;
    }
    this.#spans -= spans;
    this.#bytes -= bytes;
    // Moving the rest down only now and then keeps a long queue linear.
    if (this.#first > 64 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  #add(item: QueueItem): number {
    if (item.count === 0) return 0;
    if (this.#bytes + item.bytes.length > this.#options.maxBytes) return item.count;
    this.#items.push(item);
    this.#spans += item.count;
    this.#bytes += item.bytes.length;
    return 0;
  }
}

/** A view of a much larger buffer would keep all of that alive, uncounted. */
function owned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.buffer.byteLength > bytes.length * 2 ? bytes.slice() : bytes;
}
