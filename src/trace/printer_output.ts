/**
 * Text on its way to stdout, in bounded memory: what is written in one turn of the event loop goes out together,
 * what does not fit while stdout is slow is left out and counted, and a closed stdout ends it. Used by the printer.
 */
import type { Logger } from "../support/log.ts";

export interface PrinterOutputOptions {
  /** Writes all of `bytes`. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly maxPendingBytes: number;
  readonly log: Logger;
}

const encoder = new TextEncoder();

export class PrinterOutput {
  readonly #options: PrinterOutputOptions;
  #pending: string[] = [];
  #pendingSpans = 0;
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #closed = false;
  #written = 0;
  #dropped = 0;
  #droppedInARow = 0;

  constructor(options: PrinterOutputOptions) {
    this.#options = options;
  }

  /** Whether nothing can ever be written again. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether text would be dropped, so that there is no need to make it. */
  get blocked(): boolean {
    return this.#closed || this.#pendingBytes > this.#options.maxPendingBytes;
  }

  /** Spans whose text is written, that could not be written, and that wait to be. */
  get spans(): { readonly written: number; readonly dropped: number; readonly pending: number } {
    return { written: this.#written, dropped: this.#dropped, pending: this.#pendingSpans };
  }

  /** Counts spans that are not printed because it is blocked. */
  drop(spans: number): void {
    this.#dropped += spans;
    this.#droppedInARow += spans;
  }

  /** Takes text that shows `spans` spans, unless it is blocked. */
  push(text: string, spans: number): void {
    if (this.blocked) return this.drop(spans);
    this.#pending.push(text);
    this.#pendingSpans += spans;
    this.#pendingBytes += text.length;
    this.#writing ??= this.#writePending();
  }

  /** Resolves when everything taken so far is written, or cannot be. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #writePending(): Promise<void> {
    const { write, log } = this.#options;
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const text = this.#pending.join("");
      const bytes = this.#pendingBytes;
      const spans = this.#pendingSpans;
      this.#pending = [];
      try {
        await write(encoder.encode(text));
        this.#written += spans;
        this.#pendingSpans -= spans;
      } catch (error) {
        this.#closed = true;
        this.#dropped += this.#pendingSpans;
        this.#pendingSpans = 0;
        this.#pending = [];
        log.warn("stdout is closed, spans are no longer printed", { error });
      }
      // What is being written counts against the bound until it is gone.
      this.#pendingBytes -= bytes;
      if (this.#droppedInARow > 0 && !this.#closed) {
        log.warn("stdout is too slow, spans were not printed", { spans: this.#droppedInARow });
        this.#droppedInARow = 0;
      }
    }
    this.#writing = null;
  }
}
