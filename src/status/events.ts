/**
 * Hands what happens to those who listen, as server-sent events. The composition root makes one hub and publishes
 * into it; the events route connects clients. Memory is bounded for each client, and nothing is computed while
 * nobody listens.
 */
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/log.ts";
import { EventClient } from "./event_client.ts";
import type {
  ActivityEvent,
  ConfigEvent,
  DecoderEvent,
  EventsReport,
  SpanEvent,
  TargetEvent,
} from "./model.ts";
import type { EVENT_TYPES } from "./schemas/events.ts";

export type EventType = typeof EVENT_TYPES[number];

/** What each type carries. */
export interface EventData {
  readonly span: SpanEvent;
  readonly activity: ActivityEvent;
  readonly target: TargetEvent;
  readonly decoder: DecoderEvent;
  readonly config: ConfigEvent;
}

export interface EventHubOptions {
  readonly log: Logger;
  readonly clock?: Pick<Clock, "elapsed">;
  /** Default 16. */
  readonly maxClients?: number;
  /** Events that wait for one client. Default 512. */
  readonly maxQueue?: number;
  /** Spans that one client gets; the rest is counted. Default 200. */
  readonly spansPerSecond?: number;
  /** Time between comments that show that the stream lives. Default 30 s, half of what proxies allow in most. */
  readonly heartbeatMs?: number;
  /** Time between reports of what was dropped. Default 1 s. */
  readonly noticeMs?: number;
  /** A client that reads nothing for so long is cut off. Default 30 s. */
  readonly stuckMs?: number;
}

const encoder = new TextEncoder();

export class EventHub implements Disposable {
  readonly #options: Required<EventHubOptions>;
  readonly #clients = new Set<EventClient>();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #notice: ReturnType<typeof setTimeout> | undefined;
  #sent = 0;
  #dropped = { rate: 0, slow: 0, failed: 0 };
  #refused = 0;
  #cut = 0;

  constructor(options: EventHubOptions) {
    this.#options = {
      clock: SYSTEM_CLOCK,
      maxClients: 16,
      maxQueue: 512,
      spansPerSecond: 200,
      heartbeatMs: 30_000,
      noticeMs: 1_000,
      stuckMs: 30_000,
      ...options,
    };
  }

  hasListeners(type: EventType): boolean {
    for (const client of this.#clients) if (client.types.has(type)) return true;
    return false;
  }

  /** Calls `make` once when a client takes the event, else not at all. Never throws, never waits. */
  publish<T extends EventType>(type: T, make: () => EventData[T]): void {
    let bytes: Uint8Array | null = null;
    for (const client of this.#clients) {
      if (!client.types.has(type)) continue;
      const hindrance = client.hindrance(type, this.#options.clock.elapsed());
      if (hindrance !== null) {
        client.dropped[hindrance]++;
        this.#dropped[hindrance]++;
        this.#noticeSoon();
        continue;
      }
      try {
        bytes ??= encoder.encode(`event: ${type}\ndata: ${JSON.stringify(make())}\n\n`);
      } catch (error) {
        this.#dropped.failed++;
        this.#options.log.error("an event cannot be told", { type, error });
        return;
      }
      client.send(bytes);
      this.#sent++;
    }
  }

  /** The stream of a new client, or null when there are too many. It is over when it is cancelled, or the hub closed. */
  connect(types: readonly EventType[]): ReadableStream<Uint8Array> | null {
    const { maxClients, maxQueue, spansPerSecond, clock, heartbeatMs } = this.#options;
    if (this.#clients.size >= maxClients) {
      this.#refused++;
      return null;
    }
    const client = new EventClient({
      types,
      maxQueue,
      spansPerSecond,
      clock,
      onEnd: () => this.#leave(client),
    });
    this.#clients.add(client);
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatMs);
    return client.stream;
  }

  stats(): EventsReport {
    return {
      clients: this.#clients.size,
      sent: this.#sent,
      dropped: { ...this.#dropped },
      refused: this.#refused,
      cut: this.#cut,
    };
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    for (const client of [...this.#clients]) client.end();
  }

  #leave(client: EventClient): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#notice);
    this.#heartbeat = this.#notice = undefined;
  }

  #beat(): void {
    const { clock, stuckMs } = this.#options;
    for (const client of [...this.#clients]) {
      if (client.stuckForMs(clock.elapsed()) < stuckMs) {
        client.beat();
        continue;
      }
      this.#cut++;
      client.end();
    }
  }

  #noticeSoon(): void {
    this.#notice ??= setTimeout(() => {
      this.#notice = undefined;
      for (const client of this.#clients) {
        if (!client.tellDropped()) this.#noticeSoon();
      }
    }, this.#options.noticeMs);
  }
}
