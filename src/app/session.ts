/**
 * One life of a loader, with the pipeline that reads its pipe and the discovery that works through it. Agent
 * makes one whenever the supervisor has a loader.
 */
import { KIND_PROCESS_EXEC, KIND_PROCESS_EXIT } from "../../bpf/wire.gen.ts";
import type { Config } from "../config/schema.ts";
import type { PipelineCounters } from "../decoder/messages.ts";
import { SpanPipeline } from "../decoder/pipeline.ts";
import type { DecoderRegistry } from "../decoder/registry.ts";
import type { SpanBatch } from "../decoder/span_batch.ts";
import { Discovery } from "../discovery/discovery.ts";
import type { Target } from "../discovery/target.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { Logger } from "../support/log.ts";
import type { Hello } from "../wire/hello.ts";
import { decodeHeader } from "../wire/header.ts";
import type { LoaderStats } from "../wire/stats.ts";

/** How a session is made. */
export interface SessionOptions {
  readonly client: LoaderClient;
  readonly registry: DecoderRegistry;
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onSpans: (batches: readonly SpanBatch[]) => void;
  /** A Go process was found; called before any of its spans arrive. */
  readonly onTarget: (target: Target, hostName: string) => void;
}

/** A running loader and what depends on it. */
export class Session {
  readonly client: LoaderClient;
  readonly #options: SessionOptions;
  readonly #pipeline: SpanPipeline;
  #discovery: Discovery | null = null;
  #hello: Hello | null = null;
  #scanned = false;
  #processEventsLost = 0;

  /** Reads the loader's pipe from now on. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.client = options.client;
    this.#pipeline = new SpanPipeline({
      path: options.client.fifoPath,
      onSpans: options.onSpans,
      onRecord: (record) => this.#onRecord(record),
      onClosed: (error) => {
        if (error) options.log.error("cannot read the loader's pipe", { error });
      },
    });
  }

  /** Null until the loader has said hello. */
  get hello(): Hello | null {
    return this.#hello;
  }

  /** True once every process that was there at the start has its state. */
  get scanned(): boolean {
    return this.#scanned;
  }

  /** Every Go process known. */
  targets(): readonly Target[] {
    return this.#discovery?.targets() ?? [];
  }

  /** The loader is up: finds processes and traces them. */
  async begin(hello: Hello): Promise<void> {
    const { client, registry, config, log, signal, onTarget } = this.#options;
    this.#hello = hello;
    this.#discovery = new Discovery({
      loader: client,
      registry,
      rules: config.select,
      sampler: config.sampler,
      useDecoder: (slot, pack) => this.#pipeline.useDecoder(slot, pack),
      onTarget: (target) => onTarget(target, hello.hostName),
      log,
      signal,
    });
    await this.#discovery.scan();
    this.#scanned = true;
  }

  /** Fresh kernel counters, or the newest there are when the loader is gone. */
  async stats(): Promise<LoaderStats | null> {
    try {
      return await this.client.stats();
    } catch {
      return this.client.latestStats;
    }
  }

  /** What the decoders have counted. */
  async counters(): Promise<PipelineCounters | null> {
    try {
      return await this.#pipeline.counters();
    } catch {
      return null;
    }
  }

  /** After the loader's end: reads the pipe to its end; what is in flight then stays without an end. */
  async finish(): Promise<PipelineCounters | null> {
    await this.#pipeline.closed;
    const counters = await this.counters();
    await this.#pipeline[Symbol.asyncDispose]();
    return counters;
  }

  #onRecord(record: Uint8Array<ArrayBuffer>): void {
    if (this.client.handleRecord(record)) return this.#noticeLostEvents();
    const { kind, pid } = decodeHeader(record);
    // Before HELLO is answered the scan is still to come and will see the process.
    if (kind === KIND_PROCESS_EXEC) this.#watch(this.#discovery?.onExec(pid));
    else if (kind === KIND_PROCESS_EXIT) this.#watch(this.#discovery?.onExit(pid));
  }

  #noticeLostEvents(): void {
    const lost = this.client.latestStats?.counters.processEventLost ?? 0;
    if (lost === this.#processEventsLost) return;
    this.#processEventsLost = lost;
    this.#watch(this.#discovery?.rescan());
  }

  #watch(work: Promise<void> | undefined): void {
    work?.catch((error) => this.#options.log.error("discovery failed", { error }));
  }
}
