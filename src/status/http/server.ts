/** Takes connections and serves each, a bounded number at a time. Used by serve.ts. */
import { SYSTEM_CLOCK } from "../../support/clock.ts";
import type { Logger } from "../../support/log.ts";
import { serveConnection } from "./connection.ts";
import type { HttpLimits } from "./limits.ts";
import { type Conn, Wire } from "./wire.ts";

export interface HttpServerOptions {
  readonly listener: { accept(): Promise<Conn> } & Disposable;
  readonly app: { fetch(request: Request): Response | Promise<Response> };
  readonly limits: HttpLimits;
  readonly log?: Logger | undefined;
}

/** After a connection could not be taken, as when the process has no file descriptor left. */
const PAUSE_MS = 1_000;

/** Serves until it is disposed of, which cuts every answer under way. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  /** Oldest first. */
  readonly #waiting = new Set<Wire>();
  readonly #answering = new Set<Wire>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#done = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#options.listener[Symbol.dispose]();
    await this.#done;
    for (const wire of [...this.#waiting, ...this.#answering]) wire[Symbol.dispose]();
  }

  async #accept(): Promise<void> {
    const { listener, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#take(new Wire(await listener.accept()));
      } catch (error) {
        if (signal.aborted) return;
        log?.warn("the status API cannot take a connection", { error });
        await SYSTEM_CLOCK.sleep(PAUSE_MS, signal);
      }
    }
  }

  #take(wire: Wire): void {
    const { app, limits } = this.#options;
    if (this.#waiting.size + this.#answering.size >= limits.connections) {
      const [oldest = wire] = this.#waiting;
      this.#waiting.delete(oldest);
      oldest[Symbol.dispose]();
      if (oldest === wire) return;
    }
    this.#waiting.add(wire);
    const onHead = () => {
      this.#waiting.delete(wire);
      this.#answering.add(wire);
    };
    serveConnection(wire, { app, limits, onHead }).then(() => {
      this.#waiting.delete(wire);
      this.#answering.delete(wire);
    });
  }
}
