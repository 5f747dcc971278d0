/**
 * Runs one loader process and speaks with it. Records do not come here by themselves: whoever reads the pipe
 * hands over all that are not spans. Made by LoaderSupervisor; used by discovery and App.
 */
import {
  KIND_BACKFILL,
  KIND_DESCRIBE,
  KIND_EXE_DATA,
  KIND_HELLO,
  KIND_LIST,
  KIND_PORTS,
  KIND_PROCESS,
  KIND_QUERY_STATS,
  KIND_REPLY,
  KIND_STATS,
  OFFSET_HEADER_KIND,
  SAMPLER_ALWAYS_OFF,
  SAMPLER_ALWAYS_ON,
  SAMPLER_RATIO,
} from "../../bpf/wire.gen.ts";
import { samplerDecision } from "../config/sampler.ts";
import type { SamplerConfig } from "../config/config.ts";
import {
  type ControlOp,
  type ControlSite,
  encodeAttach,
  encodeDetach,
  encodeFlip,
  encodeLayout,
  encodePlain,
  encodePlan,
  encodeReadExe,
  encodeTarget,
} from "../wire/control.ts";
import { decodeHello, type Hello, wireMismatch } from "../wire/hello.ts";
import type { ProcessInfo } from "../wire/process.ts";
import { decodeStats, type LoaderStats } from "../wire/stats.ts";
import { exitReason } from "./exit_reason.ts";
import { Fifo } from "./fifo.ts";
import { LoaderError, LoaderExitError } from "./loader_error.ts";
import { LoaderClock } from "./loader_clock.ts";
import { LoaderProcess } from "./process.ts";
import { type Answer, Requests } from "./requests.ts";
import { joinBytes } from "../support/bytes.ts";
import type { Reason } from "../support/reason.ts";

const SAMPLERS = { alwaysOn: SAMPLER_ALWAYS_ON, alwaysOff: SAMPLER_ALWAYS_OFF, ratio: SAMPLER_RATIO };

/** How a loader is run. */
export interface LoaderClientOptions {
  /** The program: build/tsunagi-go. */
  readonly path: string;
  /** Behind --output FIFO. */
  readonly args?: readonly string[];
  /** Folder for the pipe; default: the system's temporary folder. */
  readonly pipeFolder?: string;
  /** Each line that it writes to stderr. */
  readonly onLine?: (line: string) => void;
  /** Ends it, as dispose does. */
  readonly signal?: AbortSignal;
}

/** Trace a process, and how, or stop tracing it. `measure`: spans that the sampler leaves out are sent too. */
export type TargetOptions =
  | ({ readonly enabled: true; readonly measure: boolean } & SamplerConfig)
  | { readonly enabled: false };

/** One run of the loader. */
export class LoaderClient implements AsyncDisposable {
  readonly #process: LoaderProcess;
  readonly #fifo: Fifo;
  readonly #requests = new Requests();
  readonly #clock = new LoaderClock();
  readonly #hello = Promise.withResolvers<Hello>();
  #stats: LoaderStats | null = null;
  #ended = false;

  private constructor(process: LoaderProcess, fifo: Fifo) {
    this.#process = process;
    this.#fifo = fifo;
    this.#hello.promise.catch(() => {});
    process.exit.then((exit) => this.#end(exitReason(exit)));
  }

  /**
   * Starts the loader and waits until its programs are in the kernel and the pipe can be opened for reading.
   *
   * @throws {LoaderExitError} when it ended instead.
   */
  static async start(options: LoaderClientOptions): Promise<LoaderClient> {
    const { path, args = [], pipeFolder, onLine, signal } = options;
    signal?.throwIfAborted();
    const fifo = await Fifo.create(pipeFolder);
    let process: LoaderProcess;
    try {
      process = new LoaderProcess(path, ["--output", fifo.path, ...args], onLine);
    } catch (error) {
      await fifo.remove();
      throw new Error(`Cannot run "${path}": ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
    const client = new LoaderClient(process, fifo);
    const stop = () => process.closeInput();
    signal?.addEventListener("abort", stop);
    process.exit.finally(() => signal?.removeEventListener("abort", stop));
    if (await fifo.appears(process.exit)) return client;
    await fifo.remove();
    throw new LoaderExitError(exitReason(await process.exit) ?? stopped());
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** To be opened for reading once; gone when the first record has been handled. */
  get fifoPath(): string {
    return this.#fifo.path;
  }

  /** The loader's first record, for which the pipe must be read. Rejects when it ends before. */
  get hello(): Promise<Hello> {
    return this.#hello.promise;
  }

  /** Newest KIND_STATS record. */
  get latestStats(): LoaderStats | null {
    return this.#stats;
  }

  /** Resolves when the loader has ended; null for an end without fault. */
  get exited(): Promise<Reason | null> {
    return this.#process.exit.then(exitReason);
  }

  /**
   * Takes a record that concerns the loader itself; returns false for all others (process events).
   *
   * @throws {WireError} when the record is too short for its kind.
   */
  handleRecord(record: Uint8Array): boolean {
    switch (new DataView(record.buffer, record.byteOffset).getUint16(OFFSET_HEADER_KIND, true)) {
      case KIND_HELLO:
        this.#onHello(decodeHello(record));
        return true;
      case KIND_STATS:
        this.#stats = decodeStats(record);
        return true;
      case KIND_PROCESS:
        this.#requests.onProcess(record);
        return true;
      case KIND_EXE_DATA:
        this.#requests.onExeData(record);
        return true;
      case KIND_REPLY:
        this.#requests.onReply(record);
        return true;
      default:
        return false;
    }
  }

  /** Every process that has an executable. */
  async list(): Promise<readonly ProcessInfo[]> {
    return (await this.#ask((id) => encodePlain(KIND_LIST, id))).processes;
  }

  /** @throws {LoaderError} ESRCH when it is gone. */
  async describe(pid: number): Promise<ProcessInfo> {
    const { processes: [process] } = await this.#ask((id) => encodePlain(KIND_DESCRIBE, id, pid));
    if (!process) throw new LoaderError(`Cannot describe process ${pid}: the loader sent no record`, 0);
    return process;
  }

  /** TCP ports on which the process listens. */
  async ports(pid: number): Promise<readonly number[]> {
    const { reply } = await this.#ask((id) => encodePlain(KIND_PORTS, id, pid));
    return reply.text === "" ? [] : reply.text.split(",").map(Number);
  }

  /** Bytes of the process's executable; fewer than `count` (at most 4 MiB) only at its end. */
  async readExe(pid: number, offset: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const { pieces } = await this.#ask((id) => encodeReadExe(id, pid, offset, count));
    const [only] = pieces;
    return only && pieces.length === 1 ? only : joinBytes(pieces);
  }

  /** Probes the executable of `pid`, for all processes that run it; resolves with the attachment's id. */
  async attach(pid: number, binding: number, sites: readonly ControlSite[]): Promise<number> {
    return (await this.#ask((id) => encodeAttach(id, pid, binding, sites))).reply.value;
  }

  /** Resolves when the probes are gone. */
  async detach(attachment: number): Promise<void> {
    await this.#ask((id) => encodeDetach(id, attachment));
  }

  async target(pid: number, options: TargetOptions): Promise<void> {
    const { kind, parentBased, threshold } = options.enabled
      ? samplerDecision(options)
      : { kind: "alwaysOff" as const, parentBased: false, threshold: 0n };
    const target = {
      enabled: options.enabled,
      sampler: SAMPLERS[kind],
      parentBased,
      measure: options.enabled && options.measure,
      threshold,
    };
    await this.#ask((id) => encodeTarget(id, pid, target));
  }

  async plan(slot: number, probe: number, ops: readonly ControlOp[]): Promise<void> {
    await this.#ask((id) => encodePlan(id, slot, probe, ops));
  }

  async layout(slot: number, layout: Readonly<Record<string, number>>): Promise<void> {
    await this.#ask((id) => encodeLayout(id, slot, layout));
  }

  /** From then on the probes of `binding` capture by `slot`: resolves with that time, as `performance.now()` tells it. */
  async flip(binding: number, slot: number): Promise<number> {
    const { reply } = await this.#ask((id) => encodeFlip(id, binding, slot));
    return this.#clock.toLocalMs(reply.timeNs);
  }

  /** Adopts the client connections that the process has already; resolves with their number. */
  async backfill(pid: number): Promise<number> {
    return (await this.#ask((id) => encodePlain(KIND_BACKFILL, id, pid))).reply.value;
  }

  async stats(): Promise<LoaderStats> {
    await this.#ask((id) => encodePlain(KIND_QUERY_STATS, id));
    if (!this.#stats) throw new LoaderError("Cannot read the statistics: the loader sent no record", 0);
    return this.#stats;
  }

  /** Asks the loader to detach everything, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.closeInput();
    await this.#process.exit;
    await this.#fifo.release();
  }

  async #ask(encode: (id: number) => Uint8Array<ArrayBuffer>): Promise<Answer> {
    const { id, answer } = this.#requests.open();
    // A write that fails means that the loader is gone, which rejects the answer with the better reason.
    this.#process.write(encode(id)).catch(() => {});
    const answered = await answer;
    this.#clock.note(answered.reply.timeNs, performance.now());
    return answered;
  }

  #onHello(hello: Hello): void {
    // Both ends are open now.
    this.#fifo.remove().catch(() => {});
    const mismatch = wireMismatch(hello);
    if (mismatch === null) return this.#hello.resolve(hello);
    this.#hello.reject(new LoaderExitError(mismatch));
    this.#process.closeInput();
  }

  async #end(reason: Reason | null): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const error = new LoaderExitError(reason ?? stopped());
    this.#hello.reject(error);
    this.#requests.close(error);
    await this.#fifo.release().catch(() => {});
  }
}

function stopped(): Reason {
  return { code: "loader-stopped", message: "The loader was stopped", remedy: "Start the agent again" };
}
