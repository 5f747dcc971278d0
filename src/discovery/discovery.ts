/**
 * Finds Go processes and brings each to its state: traced, refused or excluded. One instance lives as long as
 * one loader; Session feeds it the exec and exit records and tells it when decoders have changed.
 */
import type { SamplerConfig } from "../config/schema.ts";
import type { Inspection } from "../goexe/types.ts";
import type { LoaderClient } from "../loader/client.ts";
import type { SwapReport } from "../registry/model.ts";
import type { Logger } from "../support/log.ts";
import type { Reason } from "../support/reason.ts";
import type { ProcessInfo } from "../wire/process.ts";
import type { ChosenDecoder, DecoderChooser } from "./decoder_chooser.ts";
import { Executables } from "./executables.ts";
import { identityOf, Inspections, type Knowledge } from "./inspections.ts";
import { dependsOnPorts, exclusion, type SelectionRules } from "./selector.ts";
import type { DecoderSlots } from "./slots.ts";
import type { Target } from "./target.ts";
import { attached, excluded, refused, type Tracked } from "./tracked.ts";

const PORT_POLL_MS = 1_000;

/** How `Discovery` is made. */
export interface DiscoveryOptions {
  readonly loader: LoaderClient;
  readonly slots: DecoderSlots;
  readonly chooser: DecoderChooser;
  readonly rules: SelectionRules;
  readonly sampler: SamplerConfig;
  /** Called when a process was recognised as Go, before any of its spans. */
  readonly onTarget: (target: Target) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Watches the processes of a node. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #executables: Executables;
  readonly #inspections: Inspections;
  readonly #tracked = new Map<number, Tracked>();
  /** The newest that is known of each process under work: what was learnt earlier must not replace it. */
  readonly #newest = new Map<number, ProcessInfo>();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#executables = new Executables(options);
    this.#inspections = new Inspections(options);
  }

  /** Every Go process known, by pid. */
  targets(): Target[] {
    return [...this.#tracked.values()].map(({ target }) => target).sort((a, b) => a.pid - b.pid);
  }

  /** The process of that id, when it is Go and known. */
  target(pid: number): Target | undefined {
    return this.#tracked.get(pid)?.target;
  }

  /** Considers every process that runs now; resolves when each has its state. */
  async scan(): Promise<void> {
    const processes = await this.#options.loader.list();
    const unseen = processes.filter(({ pid }) => !this.#newest.has(pid));
    await Promise.all(unseen.map((process) => this.#consider(process)));
  }

  /** Process events were lost: compares what is known with what runs. */
  async rescan(): Promise<void> {
    const processes = await this.#options.loader.list();
    const running = new Set(processes.map(({ pid }) => pid));
    const ended = [...this.#tracked.keys()].filter((pid) => !running.has(pid));
    const changed = processes.filter((process) =>
      this.#tracked.get(process.pid)?.identity !== identityOf(process)
    );
    await Promise.all([
      ...ended.map((pid) => this.onExit(pid)),
      ...changed.map(({ pid }) => this.onExec(pid)),
    ]);
  }

  /** A process began a program. */
  async onExec(pid: number): Promise<void> {
    await this.onExit(pid);
    let process: ProcessInfo;
    try {
      process = await this.#options.loader.describe(pid);
    } catch {
      return; // It ended before it could be looked at.
    }
    await this.#consider(process);
  }

  /** A process ended, or began another program. */
  async onExit(pid: number): Promise<void> {
    this.#newest.delete(pid);
    const tracked = this.#tracked.get(pid);
    if (!tracked) return;
    tracked.gone = true;
    this.#tracked.delete(pid);
    await this.#release(tracked);
  }

  /**
   * The decoders have changed: every process gets the one that suits it now, or is refused, or traced at last.
   *
   * @throws {Error} when a decoder cannot be put into place; the processes then keep theirs.
   */
  async reselect(): Promise<SwapReport> {
    const changes = new Map<Tracked, ChosenDecoder>();
    const lost: Tracked[] = [];
    for (const tracked of this.#tracked.values()) {
      if (tracked.choice === null) continue;
      const decision = this.#options.chooser.choose(tracked.knowledge);
      if (decision.kind !== "decoder") lost.push(tracked);
      else if (decision.key !== tracked.choice.key) changes.set(tracked, decision);
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
    for (const tracked of lost) await this.#release(tracked);
    const waiting = [...this.#tracked.values()].filter(({ choice, wantsDecoder }) =>
      choice === null && wantsDecoder
    );
    await Promise.all([...new Set([...lost, ...waiting])].map((tracked) => this.#trace(tracked)));
    return report;
  }

  async #consider(process: ProcessInfo): Promise<void> {
    const identity = identityOf(process);
    this.#newest.set(process.pid, process);
    const knowledge = await this.#inspections.of(identity, process);
    if (this.#newest.get(process.pid) !== process) return;
    if (knowledge.inspection.kind === "not-go") {
      this.#newest.delete(process.pid);
      return;
    }
    const tracked = trackedOf(process, identity, knowledge);
    this.#tracked.set(process.pid, tracked);
    this.#options.onTarget(tracked.target);
    const exclusion = await this.#exclusion(tracked.target);
    if (exclusion) {
      excluded(tracked, exclusion);
      if (dependsOnPorts(this.#options.rules)) this.#watchPorts(tracked);
      return;
    }
    await this.#trace(tracked);
  }

  async #trace(tracked: Tracked): Promise<void> {
    const { target, identity, knowledge: { inspection } } = tracked;
    const { loader, chooser, sampler, log } = this.#options;
    const beganMs = performance.now();
    tracked.wantsDecoder = false;
    if (inspection.kind === "not-go") return;
    if (inspection.kind === "refused") return this.#refuse(tracked, inspection.reason);
    const decision = await chooser.chooseOrLearn(tracked.knowledge);
    if (tracked.gone) return;
    if (decision.kind === "refused") {
      tracked.wantsDecoder = true;
      return this.#refuse(tracked, decision.reason);
    }
    let adoptedSockets: number;
    try {
      await loader.target(target.pid, { enabled: true, measure: false, ...sampler });
      tracked.holdsAttachment = true;
      await this.#executables.acquire(identity, target.pid, inspection.exe, decision.choice);
      adoptedSockets = await loader.backfill(target.pid);
    } catch (error) {
      if (!tracked.gone) this.#refuse(tracked, attachFailure(error));
      await this.#release(tracked);
      return;
    }
    if (tracked.gone) return await this.#release(tracked);
    tracked.choice = decision;
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
    await this.#catchUp(tracked);
  }

  /** Decoders may have changed while the process was being attached. */
  async #catchUp(tracked: Tracked): Promise<void> {
    const decision = this.#options.chooser.choose(tracked.knowledge);
    if (decision.kind === "decoder" && decision.key === tracked.choice?.key) return;
    await this.reselect();
  }

  #refuse(tracked: Tracked, reason: Reason): void {
    const { pid, exe } = tracked.target;
    refused(tracked, reason);
    this.#options.log.warn("cannot trace a process", { pid, exe, ...reason });
  }

  async #release(tracked: Tracked): Promise<void> {
    tracked.choice = null;
    if (!tracked.holdsAttachment) return;
    tracked.holdsAttachment = false;
    await this.#executables.release(tracked.identity, tracked.target.pid);
  }

  async #exclusion(target: Target): Promise<Reason | null> {
    const { rules, loader } = this.#options;
    const withoutPorts = exclusion(rules, target, []);
    if (!withoutPorts || !dependsOnPorts(rules)) return withoutPorts;
    const ports = await loader.ports(target.pid).catch(() => []);
    return exclusion(rules, target, ports);
  }

  /** A server listens some time after its exec, so an excluded process is asked again while it lives. */
  #watchPorts(tracked: Tracked): void {
    const timer = setInterval(async () => {
      if (tracked.gone || this.#options.signal.aborted) return clearInterval(timer);
      if (await this.#exclusion(tracked.target)) return;
      clearInterval(timer);
      if (tracked.gone || tracked.target.state !== "excluded") return;
      tracked.target.state = "attaching";
      tracked.target.reason = null;
      await this.#trace(tracked);
    }, PORT_POLL_MS);
    Deno.unrefTimer(timer);
  }
}

function trackedOf(process: ProcessInfo, identity: string, knowledge: Knowledge): Tracked {
  return {
    target: {
      pid: process.pid,
      exe: process.exe,
      environment: process.environment,
      state: "attaching",
      reason: null,
      goVersion: goVersionOf(knowledge.inspection),
      decoder: null,
      decoderCheck: null,
      sites: [],
    },
    identity,
    knowledge,
    choice: null,
    wantsDecoder: false,
    holdsAttachment: false,
    gone: false,
  };
}

function goVersionOf(inspection: Inspection): string | null {
  if (inspection.kind === "not-go") return null;
  return inspection.kind === "go" ? inspection.exe.goVersion : inspection.goVersion;
}

function attachFailure(error: unknown): Reason {
  return {
    code: "attach-failed",
    message: error instanceof Error ? error.message : String(error),
    remedy: "See the loader's message; a process that has just ended needs nothing",
  };
}
