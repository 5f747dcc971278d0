/** The body of a request as a stream that is read from the connection only when somebody asks for it. */
import type { RequestHead } from "./head.ts";
import type { HttpLimits } from "./limits.ts";
import type { Wire } from "./wire.ts";

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

export class RequestBody {
  /** Null for a request without one. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  readonly #wire: Wire;
  readonly #limits: HttpLimits;
  #left: number;
  #askFirst: boolean;
  #began: number | null = null;

  constructor(wire: Wire, { bodyBytes, expectsContinue }: RequestHead, limits: HttpLimits) {
    this.#wire = wire;
    this.#limits = limits;
    this.#left = bodyBytes;
    this.#askFirst = expectsContinue;
    this.stream = bodyBytes === 0
      ? null
      : new ReadableStream({ pull: (controller) => this.#pull(controller) }, { highWaterMark: 0 });
  }

  /** Whether nothing of it is still to come. */
  get consumed(): boolean {
    return this.#left === 0;
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    const { stallMs, bodyMs } = this.#limits;
    this.#began ??= performance.now();
    if (this.#askFirst) {
      this.#askFirst = false;
      await this.#wire.write(CONTINUE, stallMs);
    }
    const rest = bodyMs - (performance.now() - this.#began);
    const bytes = await this.#wire.read(Math.max(0, Math.min(stallMs, rest)));
    if (bytes === null) throw new Error("Cannot read the body of a request: it was cut short");
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    if (part.length < bytes.length) this.#wire.unread(bytes.subarray(part.length));
    controller.enqueue(part);
    if (this.#left === 0) controller.close();
  }
}
