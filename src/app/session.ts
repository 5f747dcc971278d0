/**
 * One life of a loader, with the pipeline that reads its pipe and the discovery that works through it. Agent
 * makes one whenever the supervisor has a loader.
 */
import { KIND_PROCESS_EXEC, KIND_PROCESS_EXIT, KIND_STATS } from "../../bpf/wire.gen.ts";
import type { Config } from "../config/config.ts";
import type { DecoderPack } from "../decoder/manifest.ts";
import type { PipelineCounters } from "../decoder/messages.ts";
import { type RedSetup, SpanPipeline } from "../decoder/pipeline.ts";
import type { SpanBatch } from "../decoder/span_batch.ts";
import type { DecoderChooser } from "../discovery/decoder_chooser.ts";
import { Discovery, type DiscoveryRules } from "../discovery/discovery.ts";
import { DecoderSlots } from "../discovery/slots.ts";
import type { Target } from "../discovery/target.ts";
import type { UnmatchedRule } from "../discovery/unmatched_rules.ts";
import type { LoaderClient } from "../loader/client.ts";
import { LoaderExitError } from "../loader/loader_error.ts";
import type { RedSnapshot } from "../red/types.ts";
import type { SwapReport } from "../registry/model.ts";
import type { DecoderRegistry } from "../registry/registry.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { Hello } from "../wire/hello.ts";
import { decodeHeader } from "../wire/header.ts";
import type { LoaderStats } from "../wire/stats.ts";
import { FaultRate } from "./fault_rate.ts";
import type { Stage } from "./measuring.ts";
import { UntrackedConnections } from "./untracked_connections.ts";

/** How a session is made. */
export interface SessionOptions {
  readonly client: LoaderClient;
  readonly registry: Pick<DecoderRegistry, "keeps">;
  readonly chooser: DecoderChooser;
  readonly config: Config;
  /** Measures the spans; what earlier sessions measured counts against the same budgets. */
  readonly red: RedSetup;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onSpans: (batches: readonly SpanBatch[]) => void;
  /** A Go process was found, or another rule selects it; called before any of its spans arrive. */
  readonly onTarget: (target: Target, hostName: string) => void;
  /** Its state, reason, decoder or name is another; `gone`: it is listed no more. Must not throw. */
  readonly onTargetChange: (target: Target, gone: boolean) => void;
  /** A process has ended, or begins another program; spans of it may still come. */
  readonly onProcessEnd: (pid: number) => void;
  /** A decoder in use must not go on. */
  readonly onDecoderFault: (pack: DecoderPack, reason: Reason) => void;
}

/** Counters of a decoder in use. */
export interface PackCounters {
  readonly pack: DecoderPack;
  readonly counters: PipelineCounters["decoders"][number]["counters"];
}

/** A running loader and what depends on it. */
export class Session {
  readonly client: LoaderClient;
  readonly #options: SessionOptions;
  readonly #pipeline: SpanPipeline;
  readonly #slots: DecoderSlots;
  readonly #faultRate = new FaultRate();
  readonly #untracked: UntrackedConnections;
  #discovery: Discovery | null = null;
  #hello: Hello | null = null;
  #config: Config;
  #scanned = false;
  #processEventsLost = 0;

  /** Reads the loader's pipe from now on. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.client = options.client;
    this.#config = options.config;
    this.#untracked = new UntrackedConnections(options.log);
    this.#pipeline = new SpanPipeline({
      path: options.client.fifoPath,
      red: options.red,
      onUnmeasured: (message) => options.log.error("spans are not measured", { message }),
      onSpans: options.onSpans,
      onRecord: (record) => this.#onRecord(record),
      onFault: ({ slot, name, code, message }) =>
        this.#onFault(slot, {
          code,
          message: `Decoder ${name} failed: ${message}`,
          remedy: "Use the decoder before it, or push one that is repaired",
        }),
      onClosed: (error) => {
        if (error) options.log.error("cannot read the loader's pipe", { error });
      },
    });
    this.#slots = new DecoderSlots({
      loader: options.client,
      decoders: {
        use: (slot, pack) => this.#pipeline.useDecoder(slot, pack),
        release: (slot) => this.#pipeline.releaseDecoder(slot),
        inFlight: async () => {
          const { decoders } = await this.#pipeline.counters();
          return new Map(decoders.map(({ slot, counters }) => [slot, counters.inFlight]));
        },
      },
      keeps: (pack) => options.registry.keeps(pack),
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

  /** The stage that measures. */
  get stage(): Stage {
    return this.#pipeline;
  }

  /** Nothing is to be done for a while: memory that is not needed goes back. */
  rest(): void {
    this.#pipeline.rest();
  }

  /** Include rules that match no process. */
  unmatchedRules(): readonly UnmatchedRule[] {
    return this.#discovery?.unmatchedRules() ?? [];
  }

  /** Other rules hold; resolves when each process has its state. */
  async reconfigure(config: Config): Promise<void> {
    this.#config = config;
    await this.#discovery?.reconfigure(rulesOf(config));
  }

  /** The loader is up: finds processes and traces them. */
  async begin(hello: Hello): Promise<void> {
    const { client, chooser, log, signal, onTarget, onTargetChange } = this.#options;
    this.#hello = hello;
    this.#discovery = new Discovery({
      loader: client,
      slots: this.#slots,
      chooser,
      ...rulesOf(this.#config),
      onTarget: (target) => onTarget(target, hello.hostName),
      onChange: onTargetChange,
      log,
      signal,
    });
    await this.#discovery.scan();
    this.#scanned = true;
  }

  /** The decoders have changed: puts the ones that suit now into place. */
  async reselect(): Promise<SwapReport> {
    return await this.#discovery?.reselect() ?? { executables: 0, stageMs: 0, swapMs: 0 };
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

  /** What each decoder has counted in the slots that it has now. */
  async packCounters(): Promise<PackCounters[]> {
    const { decoders } = await this.counters() ?? { decoders: [] };
    return decoders.flatMap(({ slot, counters }) => {
      const pack = this.#slots.packOf(slot);
      return pack ? [{ pack, counters }] : [];
    });
  }

  /** After the loader's end: reads the pipe to its end; what is in flight then stays without an end. */
  async finish(): Promise<{ counters: PipelineCounters | null; measured: RedSnapshot | null }> {
    await this.#pipeline.closed;
    const counters = await this.counters();
    await this.#pipeline[Symbol.asyncDispose]();
    for (const target of this.targets()) this.#options.onTargetChange(target, true);
    return { counters, measured: await this.#pipeline.snapshot() };
  }

  #onRecord(record: Uint8Array<ArrayBuffer>): void {
    if (this.client.handleRecord(record)) {
      if (decodeHeader(record).kind === KIND_STATS) this.#onStats();
      return;
    }
    const { kind, pid } = decodeHeader(record);
    // Before HELLO is answered the scan is still to come and will see the process.
    if (kind !== KIND_PROCESS_EXEC && kind !== KIND_PROCESS_EXIT) return;
    this.#options.onProcessEnd(pid);
    if (kind === KIND_PROCESS_EXEC) this.#watch(this.#discovery?.onExec(pid));
    else this.#watch(this.#discovery?.onExit(pid));
  }

  /** Comes every second while there is anything to trace. */
  #onStats(): void {
    this.#watch(this.#watchDecoders());
    const { process_event_lost: lost = 0, socket_track_failed: untracked = 0 } =
      this.client.latestStats?.counters ?? {};
    this.#untracked.tell(untracked);
    if (lost === this.#processEventsLost) return;
    this.#processEventsLost = lost;
    this.#watch(this.#discovery?.rescan());
  }

  async #watchDecoders(): Promise<void> {
    const counters = await this.counters();
    for (const { slot, starts, bad } of this.#faultRate.check(counters?.decoders ?? [])) {
      const name = this.#slots.packOf(slot)?.manifest.name;
      this.#onFault(slot, {
        code: "decoder-bad-records",
        message: `Decoder ${name} could not make sense of ${bad} of ${starts} spans`,
        remedy: "Make a decoder for this program with deno task decoder new",
      });
    }
    await this.#slots.sweep();
  }

  #onFault(slot: number, reason: Reason): void {
    const pack = this.#slots.packOf(slot);
    this.#slots.fail(slot);
    if (pack) this.#options.onDecoderFault(pack, reason);
  }

  #watch(work: Promise<unknown> | undefined): void {
    work?.catch((error) => tellDiscoveryFailure(this.#options.log, error));
  }
}

/** Logs why discovery failed; the end of the loader is told by itself. */
export function tellDiscoveryFailure(log: Logger, error: unknown): void {
  if (!(error instanceof LoaderExitError)) log.error("discovery failed", { error });
}

function rulesOf({ select, sampler, measure }: Config): DiscoveryRules {
  return { select, sampler, measure: measure.features.length > 0 };
}
