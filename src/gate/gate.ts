/**
 * Lets decoders in: examines and tries each one in a Worker, off the thread that serves. Made by App; the registry's
 * admin asks it for every decoder that comes while the service runs.
 */
import type { GateAnswer, GateQuestion, GateVerdict } from "./gate_worker.ts";

export { MAX_PACK_BYTES, readBuiltPack } from "./examine.ts";
export type { GateVerdict } from "./gate_worker.ts";

/** The Worker is ended when nothing was asked for so long. */
const IDLE_MS = 10_000;

/** Checks decoders one after the other. */
export class Gate implements AsyncDisposable {
  readonly #waiting = new Map<number, PromiseWithResolvers<GateVerdict>>();
  #worker: Worker | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  #disposed = false;

  /**
   * Whether a file may run as a decoder.
   *
   * @throws {Error} when the check itself fails, `signal.reason` when it is no longer wanted.
   */
  async check(bytes: Uint8Array<ArrayBuffer>, options: { signal?: AbortSignal } = {}): Promise<GateVerdict> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#disposed) throw new Error("Cannot check decoder: the gate is closed");
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<GateVerdict>();
    const onAbort = () => waiting.reject(signal?.reason);
    this.#waiting.set(id, waiting);
    signal?.addEventListener("abort", onAbort, { once: true });
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const question: GateQuestion = { id, bytes };
    this.#worker.postMessage(question);
    try {
      return await waiting.promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#rest();
    }
  }

  /** Ends the Worker; checks that are under way fail. */
  // deno-lint-ignore require-await -- AsyncDisposable wants a promise
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#end(new Error("Cannot check decoder: the gate is closed"));
  }

  #start(): Worker {
    const worker = new Worker(new URL("./gate_worker.ts", import.meta.url), { type: "module", name: "gate" });
    worker.onmessage = ({ data }: MessageEvent<GateAnswer>) => {
      const waiting = this.#waiting.get(data.id);
      if ("verdict" in data) waiting?.resolve(data.verdict);
      else waiting?.reject(new Error(`Cannot check decoder: ${data.error}`));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(`Cannot check decoder: ${event.message}`));
    };
    return worker;
  }

  #rest(): void {
    if (this.#disposed) return;
    this.#idle = setTimeout(() => this.#end(new Error("Cannot check decoder: the gate was idle")), IDLE_MS);
    Deno.unrefTimer(this.#idle);
  }

  #end(error: Error): void {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
