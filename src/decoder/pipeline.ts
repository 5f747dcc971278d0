/**
 * The main thread's end of the Worker that reads the loader's pipe: hands out finished spans and all other records.
 * Made by App for each run of the loader.
 */
import { type RedChanges, RedMirror } from "../red/snapshot.ts";
import type { ProcessRules, RedRules, RedSnapshot } from "../red/types.ts";
import type { Command, PipelineCounters, RedSetup, Report, SlotFault } from "./messages.ts";
import type { DecoderPack } from "./manifest.ts";
import type { SpanBatch } from "./span_batch.ts";

export type { RedSetup, SlotFault } from "./messages.ts";

/** How long dispose waits for the end of the pipe, which comes when the loader is gone. */
const CLOSE_TIMEOUT_MS = 2000;

export interface SpanPipelineOptions {
  /** The loader's named pipe. */
  readonly path: string;
  /** Finished spans; they count as taken over when it returns. */
  readonly onSpans: (batches: readonly SpanBatch[]) => void;
  /** Every other record, in stream order. */
  readonly onRecord: (record: Uint8Array<ArrayBuffer>) => void;
  /** Measures spans and leaves out what rules leave out; without it all spans are handed out as they are. */
  readonly red?: RedSetup;
  /** The RED stage does not work: spans go on, unmeasured. */
  readonly onUnmeasured?: (message: string) => void;
  /** A decoder was stopped; behind the last spans that it gave. */
  readonly onFault?: (fault: SlotFault) => void;
  /** Once, after the last record: the pipe ended, or why it can no longer be read. */
  readonly onClosed?: (error: Error | null) => void;
}

type Request = Extract<Command, { id: number }>;
type WithoutId<Message> = Message extends unknown ? Omit<Message, "id"> : never;

/** Reads one pipe to its end. */
export class SpanPipeline implements AsyncDisposable {
  readonly #options: SpanPipelineOptions;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #modules = new WeakMap<Uint8Array, Promise<WebAssembly.Module>>();
  #nextId = 1;
  #ended = false;
  #lastCounters: PipelineCounters | null = null;
  readonly #mirror = new RedMirror();

  /** Starts to read at once. */
  constructor(options: SpanPipelineOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "spans" });
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#finish(new Error(`Cannot go on reading spans: ${event.message}`));
    };
    this.#send({ type: "open", path: options.path, red: options.red ?? null });
  }

  /** Settles after the last record has been handed out. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Gives a slot to a decoder; records of the slot that come later are its own. The module is compiled here, so that
   * the Worker only has to instantiate it.
   *
   * @throws {Error} when the module does not work.
   */
  async useDecoder(slot: number, { manifest: { name }, code }: DecoderPack): Promise<void> {
    let module = this.#modules.get(code);
    if (!module) this.#modules.set(code, module = WebAssembly.compile(code));
    const compiled = await module.catch((cause) => {
      throw new Error(`Cannot start decoder ${name}`, { cause });
    });
    await this.#ask({ type: "use", slot, name, code: compiled });
  }

  /** Takes the decoder of a slot away; its spans in flight are given up and count as abandoned. */
  async releaseDecoder(slot: number): Promise<void> {
    await this.#ask({ type: "release", slot });
  }

  /** What the decoders have counted so far, or had when the Worker ended. */
  async counters(): Promise<PipelineCounters> {
    if (this.#ended && this.#lastCounters) return this.#lastCounters;
    return this.#lastCounters = await this.#ask({ type: "counters" }) as PipelineCounters;
  }

  /**
   * Other rules hold for spans that are read from now on; no span is lost.
   *
   * @throws {Error} when they cannot be used; then the old ones go on.
   */
  async setRules(rules: RedRules): Promise<void> {
    await this.#ask({ type: "rules", rules });
  }

  /** What holds for the spans of one process that are read from now on. */
  setProcess(rules: ProcessRules): void {
    this.#send({ type: "process", rules });
  }

  /** What was measured of a process is wanted no more. */
  forget(resource: number): void {
    this.#send({ type: "forget", resource });
  }

  /** What was measured so far, or had been when the Worker ended. The same object as before where nothing is new. */
  async snapshot(): Promise<RedSnapshot> {
    const asked = this.#ended ? null : this.#ask({ type: "snapshot" }) as Promise<RedChanges | null>;
    try {
      return this.#mirror.apply(await asked);
    } catch (error) {
      if (!this.#ended) throw error;
      return this.#mirror.snapshot;
    }
  }

  /** Nothing is to be done for a while: the Worker gives memory back. */
  rest(): void {
    this.#send({ type: "rest" });
  }

  /** Waits for the end of the pipe, then ends the Worker. The loader should be gone by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, CLOSE_TIMEOUT_MS);
    await Promise.race([this.#closed.promise, timeout.promise]);
    clearTimeout(timer);
    await this.counters().catch(() => {});
    await this.snapshot().catch(() => {});
    this.#finish(null);
    this.#worker.terminate();
  }

  #receive(report: Report): void {
    switch (report.type) {
      case "spans": {
        const bytes = report.batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
        try {
          this.#options.onSpans(report.batches);
        } finally {
          this.#send({ type: "taken", bytes });
        }
        break;
      }
      case "record":
        this.#options.onRecord(report.record);
        break;
      case "fault":
        this.#options.onFault?.(report.fault);
        break;
      case "unmeasured":
        this.#options.onUnmeasured?.(report.message);
        break;
      case "closed":
        this.#close(report.error === null ? null : new Error(report.error));
        break;
      case "answer": {
        const waiting = this.#waiting.get(report.id);
        this.#waiting.delete(report.id);
        if (report.error === null) waiting?.resolve(report.value);
        else waiting?.reject(new Error(report.error));
        break;
      }
    }
  }

  #ask(request: WithoutId<Request>): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error("Cannot ask the span reader: it has ended"));
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#send({ ...request, id });
    return waiting.promise;
  }

  #send(command: Command): void {
    if (!this.#ended) this.#worker.postMessage(command);
  }

  /** The pipe has ended; the Worker still answers. */
  #close(error: Error | null): void {
    this.#options.onClosed?.(error);
    this.#closed.resolve();
  }

  /** The Worker has ended. */
  #finish(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting.values()) {
      waiting.reject(error ?? new Error("Cannot ask the span reader: it has ended"));
    }
    this.#waiting.clear();
    if (error) this.#close(error);
    else this.#closed.resolve();
  }
}
