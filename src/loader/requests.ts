/**
 * Requests that wait for the loader's reply, by id, and the records that gather for them meanwhile. Used by
 * LoaderClient only.
 */
import { decodeExeData, decodeReply, type Reply } from "../wire/reply.ts";
import { decodeProcess, type ProcessInfo } from "../wire/process.ts";
import { LoaderError } from "./loader_error.ts";

/** What a request yields. */
export interface Answer {
  readonly reply: Reply;
  readonly processes: readonly ProcessInfo[];
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

interface Waiting {
  readonly processes: ProcessInfo[];
  readonly pieces: Uint8Array<ArrayBuffer>[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The open requests of one loader. */
export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #closed: Error | null = null;

  /** An id that no open request has, and the promise of its answer. */
  open(): { id: number; answer: Promise<Answer> } {
    const id = this.#nextId();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    if (this.#closed) reject(this.#closed);
    else this.#waiting.set(id, { processes: [], pieces: [], resolve, reject });
    return { id, answer: promise };
  }

  onProcess(record: Uint8Array): void {
    const { id, process } = decodeProcess(record);
    this.#waiting.get(id)?.processes.push(process);
  }

  onExeData(record: Uint8Array): void {
    const { id, bytes } = decodeExeData(record);
    this.#waiting.get(id)?.pieces.push(bytes);
  }

  /** Settles the request; a reply to none (id 0 of a broken message) is ignored. */
  onReply(record: Uint8Array): void {
    const reply = decodeReply(record);
    const waiting = this.#waiting.get(reply.id);
    if (!waiting) return;
    this.#waiting.delete(reply.id);
    if (reply.error === 0) waiting.resolve({ reply, processes: waiting.processes, pieces: waiting.pieces });
    else waiting.reject(new LoaderError(reply.text, reply.error));
  }

  /** Rejects all that wait, and all that come. */
  close(error: Error): void {
    this.#closed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #nextId(): number {
    do this.#lastId = this.#lastId % 0xffffffff + 1; while (this.#waiting.has(this.#lastId));
    return this.#lastId;
  }
}
