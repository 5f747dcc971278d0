/** One listener of the EventHub: its stream, what waits for it, and what it did not get. */
import { joinBytes } from "../support/bytes.ts";
import type { Clock } from "../support/clock.ts";
import type { EventType } from "./events.ts";
import type { DroppedEvent } from "./model.ts";

export interface EventClientOptions {
  readonly types: readonly EventType[];
  readonly maxQueue: number;
  readonly spansPerSecond: number;
  readonly clock: Pick<Clock, "elapsed">;
  /** The stream is over, whoever ended it. */
  readonly onEnd: () => void;
}

const encoder = new TextEncoder();
/** Browsers connect again after this time. */
const HELLO = encoder.encode("retry: 3000\n\n");
const HEARTBEAT = encoder.encode(":\n\n");
const SECOND_MS = 1_000;
/** Whatever their number, no more bytes wait for one client. */
const MAX_QUEUE_BYTES = 1_048_576;

export class EventClient {
  readonly types: ReadonlySet<EventType>;
  readonly stream: ReadableStream<Uint8Array>;
  /** Since it was last told. */
  readonly dropped: { -readonly [Cause in keyof DroppedEvent]: number } = { rate: 0, slow: 0 };
  readonly #options: EventClientOptions;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #queue: Uint8Array[] = [HELLO];
  #queueBytes = HELLO.length;
  /** Set while the reader waits for something to read. */
  #wake: (() => void) | null = null;
  #lastReadMs: number;
  #windowStartMs: number;
  #windowSpans = 0;
  #ended = false;

  constructor(options: EventClientOptions) {
    this.#options = options;
    this.types = new Set(options.types);
    this.#lastReadMs = this.#windowStartMs = options.clock.elapsed();
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.#leave(),
    }, { highWaterMark: 0 });
  }

  /** Why an event cannot be sent now, or null; a span that can is taken as sent. */
  hindrance(type: EventType, nowMs: number): keyof DroppedEvent | null {
    if (this.#isFull) return "slow";
    if (type !== "span") return null;
    if (nowMs - this.#windowStartMs >= SECOND_MS) {
      this.#windowStartMs = nowMs;
      this.#windowSpans = 0;
    }
    if (this.#windowSpans >= this.#options.spansPerSecond) return "rate";
    this.#windowSpans++;
    return null;
  }

  send(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queueBytes += bytes.length;
    this.#wake?.();
  }

  /** Keeps the connection from looking dead. */
  beat(): void {
    if (this.#queue.length === 0) this.send(HEARTBEAT);
  }

  /** False when the client has still to be told, since there is no room. */
  tellDropped(): boolean {
    if (this.dropped.rate + this.dropped.slow === 0) return true;
    if (this.#isFull) return false;
    this.send(encoder.encode(`event: dropped\ndata: ${JSON.stringify(this.dropped)}\n\n`));
    this.dropped.rate = this.dropped.slow = 0;
    return true;
  }

  /** How long something has waited for this client to read. */
  stuckForMs(nowMs: number): number {
    return this.#queue.length === 0 ? 0 : nowMs - this.#lastReadMs;
  }

  end(): void {
    if (this.#ended) return;
    this.#leave();
    this.#controller.close();
  }

  /** All that waits goes out as one chunk. */
  async #pull(): Promise<void> {
    this.#lastReadMs = this.#options.clock.elapsed();
    if (this.#queue.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = null;
      this.#lastReadMs = this.#options.clock.elapsed();
    }
    if (this.#ended) return;
    const waiting = this.#queue;
    this.#empty();
    this.#controller.enqueue(joinBytes(waiting));
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#empty();
    this.#wake?.();
    this.#options.onEnd();
  }

  get #isFull(): boolean {
    return this.#queue.length >= this.#options.maxQueue || this.#queueBytes >= MAX_QUEUE_BYTES;
  }

  #empty(): void {
    this.#queue = [];
    this.#queueBytes = 0;
  }
}
