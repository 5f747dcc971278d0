/**
 * Makes decoders in a Worker, so that compiling does not hold up the service. The Worker starts with the first
 * decoder and ends when there was nothing to make for a while, which gives its memory back. Made by App.
 */
import type { MakeSpec } from "./make.ts";
import type { MakeAnswer, MakeRequest } from "./maker_worker.ts";

const IDLE_MS = 10_000;

/** Makes one decoder after another. */
export class Maker implements AsyncDisposable {
  readonly #idleMs: number;
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array<ArrayBuffer>>>();
  #worker: Worker | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  #disposed = false;

  constructor({ idleMs = IDLE_MS }: { readonly idleMs?: number } = {}) {
    this.#idleMs = idleMs;
  }

  /** Whether the Worker is there. */
  get running(): boolean {
    return this.#worker !== null;
  }

  /**
   * As `makeDecoder`.
   *
   * @throws {Error} also when disposed before the decoder is made.
   */
  async make(spec: MakeSpec): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#disposed) throw new Error(`Cannot make decoder ${spec.name}: the maker is closed`);
    clearTimeout(this.#idle);
    const worker = this.#worker ??= this.#start();
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#waiting.set(id, answer);
    worker.postMessage({ id, spec } satisfies MakeRequest);
    return await answer.promise;
  }

  /** Gives up what is being made. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#end(new Error("Cannot make the decoder: the maker is closed"));
    return Promise.resolve();
  }

  #start(): Worker {
    const worker = new Worker(new URL("./maker_worker.ts", import.meta.url), {
      type: "module",
      name: "maker",
    });
    worker.onmessage = ({ data }: MessageEvent<MakeAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("bytes" in data) waiting?.resolve(data.bytes);
      else waiting?.reject(new Error(data.error));
      if (this.#waiting.size === 0) this.#endWhenIdle();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`Cannot make the decoder: ${event.message}`));
    };
    return worker;
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    const end = () => this.#end(new Error("Cannot make the decoder: the maker was idle"));
    const timer = setTimeout(end, this.#idleMs);
    Deno.unrefTimer(timer);
    this.#idle = timer;
  }

  #end(error: Error): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
