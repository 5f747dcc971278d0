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
  /** Those whose request is awaited, the longest first. */
  readonly #asking = new Set<Wire>();
  /** Those that wait for their answer. */
  readonly #waiting = new Set<Wire>();
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
    for (const wire of [...this.#asking, ...this.#waiting]) wire[Symbol.dispose]();
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
    if (this.#asking.size + this.#waiting.size >= limits.connections) {
      const [oldest = wire] = this.#asking;
      this.#forget(oldest);
      oldest[Symbol.dispose]();
      if (oldest === wire) return;
    }
    const onTurn = (turn: "asks" | "waits") => {
      this.#forget(wire);
      (turn === "asks" ? this.#asking : this.#waiting).add(wire);
    };
    serveConnection(wire, { app, limits, onTurn }).then(() => this.#forget(wire));
  }

  #forget(wire: Wire): void {
    this.#asking.delete(wire);
    this.#waiting.delete(wire);
  }
}
