/**
 * Begins and ends the tracing of one process, and changes how it is done. Used by Discovery, which says when; one
 * process is in one call at a time, but for its end, which may come in between.
 */
import type { LoaderClient } from "../loader/client.ts";
import type { SwapReport } from "../registry/model.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { ChosenDecoder, DecoderChooser } from "./decoder_chooser.ts";
import { Executables } from "./executables.ts";
import type { DecoderSlots } from "./slots.ts";
import { attached, refused, type Sampling, type Tracked } from "./tracked.ts";

export interface TracingOptions {
  readonly loader: LoaderClient;
  readonly slots: DecoderSlots;
  readonly chooser: DecoderChooser;
  readonly log: Logger;
}

/** Tracing by one loader. */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #executables: Executables;

  constructor(options: TracingOptions) {
    this.#options = options;
    this.#executables = new Executables(options);
  }

  /** Traces a process, or refuses it with the reason. */
  async begin(tracked: Tracked, sampling: Sampling): Promise<void> {
    const { target, identity, knowledge: { inspection } } = tracked;
    const { loader, chooser, log } = this.#options;
    const beganMs = performance.now();
    tracked.wantsDecoder = false;
    if (inspection.kind === "not-go") return;
    if (inspection.kind === "refused") return this.#refuse(tracked, inspection.reason);
    const decision = await chooser.chooseOrLearn(tracked.knowledge);
    const chosenMs = performance.now();
    if (tracked.gone) return;
    if (decision.kind === "refused") {
      tracked.wantsDecoder = true;
      return this.#refuse(tracked, decision.reason);
    }
    let adoptedSockets: number;
    try {
      await loader.target(target.pid, { enabled: true, measure: sampling.measure, ...sampling.sampler });
      tracked.holdsAttachment = true;
      await this.#executables.acquire(identity, target.pid, inspection.exe, decision.choice);
      adoptedSockets = await loader.backfill(target.pid);
    } catch (error) {
      if (tracked.gone) return await this.#release(tracked);
      this.#refuse(tracked, attachFailure(error));
      return await this.end(tracked);
    }
    if (tracked.gone) return await this.#release(tracked);
    tracked.choice = decision;
    tracked.sampling = sampling;
    target.attachTime = {
      analysisMs: tracked.inspectionMs + chosenMs - beganMs,
      attachMs: performance.now() - chosenMs,
    };
    attached(tracked);
    log.info("traces a process", {
      pid: target.pid,
      exe: target.exe,
      go: target.goVersion ?? "",
      decoder: target.decoder,
      check: target.decoderCheck,
      adoptedSockets,
      ms: Math.round(performance.now() - beganMs),
    });
  }

  /** Changes how a traced process is sampled: one message, and none where nothing changes. */
  async resample(tracked: Tracked, sampling: Sampling): Promise<void> {
    const { sampling: before, target: { pid } } = tracked;
    if (before !== null && sameSampling(before, sampling)) return;
    tracked.sampling = sampling;
    try {
      await this.#options.loader.target(pid, {
        enabled: true,
        measure: sampling.measure,
        ...sampling.sampler,
      });
    } catch (error) {
      if (!tracked.gone) this.#options.log.error("cannot change the sampler of a process", { pid, error });
    }
  }

  /** Nothing of the process is captured any more; its requests in flight are given up, and counted so. */
  async end(tracked: Tracked): Promise<void> {
    // The loader itself forgets one that has ended.
    const told = tracked.holdsAttachment
      ? this.#options.loader.target(tracked.target.pid, { enabled: false }).catch(() => {})
      : null;
    await Promise.all([told, this.#release(tracked)]);
  }

  /** True for a traced process that would get another decoder now, or none. */
  isOutdated({ choice, knowledge }: Tracked): boolean {
    if (choice === null) return false;
    const decision = this.#options.chooser.choose(knowledge);
    return decision.kind !== "decoder" || decision.key !== choice.key;
  }

  /**
   * Gives traced processes the decoders that suit them now; `without` are those for which there is none.
   *
   * @throws {Error} when a decoder cannot be put into place; the processes then keep theirs.
   */
  async swap(outdated: readonly Tracked[]): Promise<{ report: SwapReport; without: readonly Tracked[] }> {
    const changes = new Map<Tracked, ChosenDecoder>();
    const without: Tracked[] = [];
    for (const tracked of outdated) {
      const decision = this.#options.chooser.choose(tracked.knowledge);
      if (decision.kind === "decoder") changes.set(tracked, decision);
      else without.push(tracked);
    }
    const report = await this.#executables.swap(
      new Map([...changes].map(([{ identity }, { choice }]) => [identity, choice])),
    );
    for (const [tracked, decision] of changes) {
      // Its process may have ended meanwhile.
      if (tracked.choice === null) continue;
      tracked.choice = decision;
      attached(tracked);
    }
    return { report, without };
  }

  /** Says nothing to the kernel of the process, whose id may be another program's by now. */
  async #release(tracked: Tracked): Promise<void> {
    tracked.choice = null;
    tracked.sampling = null;
    if (!tracked.holdsAttachment) return;
    tracked.holdsAttachment = false;
    await this.#executables.release(tracked.identity, tracked.target.pid);
  }

  #refuse(tracked: Tracked, reason: Reason): void {
    const { pid, exe } = tracked.target;
    refused(tracked, reason);
    // Where everything is to be traced, most programs that have no HTTP are meant by nobody.
    const level = reason.code === "no-http" ? "info" : "warn";
    this.#options.log[level]("cannot trace a process", { pid, exe, ...reason });
  }
}

function sameSampling(left: Sampling, right: Sampling): boolean {
  return left.measure === right.measure && left.sampler.name === right.sampler.name &&
    left.sampler.ratio === right.sampler.ratio;
}

function attachFailure(error: unknown): Reason {
  return {
    code: "attach-failed",
    message: error instanceof Error ? error.message : String(error),
    remedy: "See the loader's message; a process that has just ended needs nothing",
  };
}
